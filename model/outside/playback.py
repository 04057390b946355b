"""Finished video files played back in step with the clip that they predict."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from bench.clips import Box
from bench.errors import BenchError, MediaError, PredictionError
from bench.frames import Frames
from bench.media._container import open_media, video_stream
from bench.media._pictures.tone_map import dynamic_range, tone_mapped
from bench.media.image_folder import PictureFolder
from bench.media.picture_rules import Hdr
from bench.media.video_reader import VideoReader
from bench.rows import Row
from model.interface import Driving, SettingReport
from model.origin import PlayedFile
from model.outside.frame_shift import Beginning, frame_shift
from model.outside.frame_stream import FrameStream
from model.outside.panels import Panels, how_to_crop

Alignment = Literal["strict", "shortest", "time", "offset"]
"""What happens to the frames of a file.

`strict` wants as many as the reference has, at its rate; `shortest` scores the frames that both have, whatever their
rates; `time` takes for every reference frame the prediction that is shown at its time; `offset` finds by how many
frames the file is early or late (model/outside/frame_shift.py), leaves out what has no partner at the beginning of
either side, and goes on as `shortest`.
"""

LOSSLESS = frozenset({"ffv1", "png", "apng", "rawvideo", "huffyuv", "ffvhuff", "utvideo"})
RGB = frozenset({"rgb24", "bgr24", "rgb0", "bgr0", "0rgb", "0bgr", "rgba", "bgra", "argb", "abgr", "gbrp", "gbrap"})
_SAME_RATE = 0.005
"""Relative difference up to which two rates are the same: 23.976 and 24 are."""


def carrier_of(path: Path, *, hdr: Hdr = "tone-map") -> str:
    """`uint8` for a lossless RGB file or a folder of pictures, which hold a model's frames exactly; else the codec.

    A file of HDR that is brought to SDR says so behind that.

    Raises:
        MediaError: the file cannot be read.
    """
    if path.is_dir():
        return "uint8"
    with open_media(path) as container:
        coded = video_stream(container, path).codec_context
        mapped = tone_mapped(dynamic_range(coded), hdr)
        mapped = f" ({mapped})" if mapped else ""
        if coded.name not in LOSSLESS:
            return f"file: {coded.name}{mapped}"
        return f"uint8{mapped}" if coded.pix_fmt in RGB else f"file: {coded.name} {coded.pix_fmt}{mapped}"


@dataclass(slots=True)
class _Playing:
    """A file that is being read. `beginning` are small pictures of its first frames."""

    file: PlayedFile
    stream: FrameStream
    beginning: Beginning = field(default_factory=Beginning)
    told: list[str] = field(default_factory=list)


@dataclass(slots=True)
class FilePredictionStream:
    """Reads the predictions of one clip in step with its reference. A video's fault ends its own row only.

    A damaged file is such a fault, wherever in it the damage is. `crop` is the part of its frames that counts, `panel`
    the number of the picture that counts where several lie beside each other (0: frames are one picture).
    """

    driving: Driving
    align: Alignment
    crop: Box | None = None
    panel: int = 0
    playing: dict[Row, _Playing] = field(default_factory=dict)
    errors: dict[Row, SettingReport] = field(default_factory=dict)
    carriers: dict[Row, str] = field(default_factory=dict)
    warnings: dict[Row, tuple[str, ...]] = field(default_factory=dict)
    _reference: Beginning = field(default_factory=Beginning)
    _open: ExitStack = field(default_factory=ExitStack)

    def open(self, row: Row, find: Callable[[], Path]) -> None:
        """Open one row's video; `find()` says where it is."""
        try:
            path = find()
            with self._told(path):
                self.playing[row] = self._begun(row, path)
                self.carriers[row] = carrier_of(path, hdr=self.driving.rules.hdr)
        except BenchError as error:
            self.errors[row] = _failed(error)
            self.playing.pop(row, None)

    def played(self) -> Mapping[Row, PlayedFile]:
        """The files that could be opened."""
        return {row: playing.file for row, playing in self.playing.items()}

    def step(self, reference: Frames) -> Mapping[Row, Frames]:
        """The frames of every row that belong to these reference frames."""
        if self.align != "offset":
            self._reference.add(reference.pixels)
        found: dict[Row, Frames] = {}
        for row, playing in list(self.playing.items()):
            wanted = reference.part(max(playing.file.first - reference.first, 0), len(reference))
            try:
                with self._told(playing.file.path):
                    pixels = self._next(playing, wanted)
                if len(pixels):
                    checked = self._checked(pixels, wanted, playing).to(reference.pixels.device)
                    found[row] = Frames(checked, wanted.times[: len(pixels)], wanted.first)
            except BenchError as error:
                self.errors[row] = _failed(error)
                del self.playing[row]
        return found

    def close(self) -> Mapping[Row, SettingReport]:
        """What ended each row that has ended; a video longer than its reference is such an end if `strict`.

        Files are read to their ends: damage may be known only there.
        """
        for row, playing in self.playing.items():
            stream = playing.stream
            count = stream.taken
            try:
                with self._told(stream.path):
                    longer = len(stream.take(1)) > 0
                    stream.drain()
                self._see_intact(stream)
                if self.align == "strict" and longer:
                    raise PredictionError(
                        f"clip '{self.driving.id}': '{stream.path.name}' has more frames than its reference, which has "
                        f"{count}{self._remedy(playing)}"
                    )
                self.warnings[row] = (*playing.told, *self._out_of_step(row, playing))
            except BenchError as error:
                self.errors[row] = _failed(error)
        self._open.close()
        return {
            row: replace(
                self.errors.get(row, SettingReport()),
                carrier=self.carriers.get(row, ""),
                warnings=self.warnings.get(row, ()),
            )
            for row in {**self.carriers, **self.errors}
        }

    @contextmanager
    def _told(self, path: Path) -> Iterator[None]:
        """What is wrong with a prediction's file, told with the clip and a remedy for what was made, not downloaded."""
        try:
            yield
        except MediaError as error:
            what, spoilt, _ = str(error).replace(f"{path.parent}{os.sep}", "").partition(": get the file again")
            what += ": make it again" if spoilt else ""
            raise PredictionError(f"clip '{self.driving.id}': its prediction cannot be scored: {what}") from error

    def _see_intact(self, stream: FrameStream) -> None:
        """Raise `PredictionError` if decoding has shown the file to be damaged; all of it is known at its end."""
        if stream.faults:
            raise PredictionError(
                f"clip '{self.driving.id}': its prediction '{stream.path.name}' is damaged: "
                f"{', '.join(stream.faults)}: make it again"
            )

    def _begun(self, row: Row, path: Path) -> _Playing:
        """A file at the frame with which its scored part begins."""
        frames = self._frames(path)
        fps = frames.fps if isinstance(frames, PictureFolder) else frames.info.fps
        retimed = self.align != "time" and not self._is_rate(fps)
        if self.align != "offset":
            return _Playing(PlayedFile(path, retimed=retimed), FrameStream(frames, path))
        shift = self._shift(frames, path)
        stream = FrameStream(frames, path)
        if shift is not None and shift < 0:
            stream.take(-shift)
        file = PlayedFile(path, max(shift or 0, 0), stream.next_time, retimed)
        return _Playing(file, stream, told=list(_told_shift(row, shift)))

    def _shift(self, frames: PictureFolder | VideoReader, path: Path) -> int | None:
        """Which of the clip's frames the file begins with, found in another pass over the first frames of both."""
        if self.driving.reopen is None:
            return None
        if not self._reference.pictures:
            self._reference.fill(self.driving.reopen())
        shown = Beginning()
        shown.fill(self._picture(part.pixels, path) for part in frames)
        return frame_shift(shown.array(), self._reference.array())

    def _out_of_step(self, row: Row, playing: _Playing) -> Iterator[str]:
        """A sentence for a file that is early or late by some frames, where nothing was done about it."""
        shift = self._seen_shift(playing)
        if shift:
            yield f"its prediction under {row} is {_early_or_late(shift)}: --align offset scores it in step"

    def _remedy(self, playing: _Playing) -> str:
        """The end of a sentence on a file of another length."""
        shift = self._seen_shift(playing)
        if shift:
            return f", and is {_early_or_late(shift)}: score it in step with --align offset"
        return ": score the common ones with --align shortest, or match by time with --align time"

    def _seen_shift(self, playing: _Playing) -> int | None:
        if self.align == "offset":
            return None
        return frame_shift(playing.beginning.array(), self._reference.array())

    def _is_rate(self, fps: float) -> bool:
        return abs(fps - self.driving.fps) <= _SAME_RATE * self.driving.fps

    def _frames(self, path: Path) -> PictureFolder | VideoReader:
        if path.is_dir():
            return PictureFolder(path, self.driving.fps)
        reader = self._open.enter_context(VideoReader(path, crop=self.crop, rules=self.driving.rules))
        if self.align == "strict" and not self._is_rate(reader.info.fps):
            raise PredictionError(
                f"clip '{self.driving.id}': '{path.name}' has {reader.info.fps:.6g} frames a second and its reference "
                f"{self.driving.fps:.6g}: match by time with --align time, or frame by frame with --align shortest"
            )
        return reader

    def _next(self, playing: _Playing, reference: Frames) -> Tensor:
        stream = playing.stream
        if self.align == "time":
            pixels = torch.cat([stream.shown_at(float(time)) for time in reference.times])
        else:
            pixels = stream.take(len(reference))
        if len(pixels):
            pixels = self._picture(pixels, stream.path)
            if self.align != "offset":
                playing.beginning.add(pixels)
        if self.align == "strict" and len(pixels) < len(reference):
            self._see_intact(stream)
            raise PredictionError(
                f"clip '{self.driving.id}': '{stream.path.name}' has only {stream.taken} frames, fewer than its "
                f"reference{self._remedy(playing)}"
            )
        return pixels

    def _picture(self, pixels: Tensor, path: Path) -> Tensor:
        """The picture that counts of frames (T, 3, H, W) that hold several."""
        if not self.panel:
            return pixels
        panels = self._panels(pixels)
        if panels is None or self.panel > panels.count:
            holds = "one picture" if panels is None else f"{panels}"
            height, width = self.driving.source.shape[1:]
            raise PredictionError(
                f"clip '{self.driving.id}': '{path.name}' is {pixels.shape[3]}x{pixels.shape[2]} and the reference "
                f"{width}x{height}: it holds {holds}, and none is number {self.panel}: correct --panel or leave it out"
            )
        return panels.cut(pixels, self.panel)

    def _panels(self, pixels: Tensor) -> Panels | None:
        height, width = self.driving.source.shape[1:]
        return Panels.of((pixels.shape[2], pixels.shape[3]), (height, width))

    def _checked(self, pixels: Tensor, reference: Frames, playing: _Playing) -> Tensor:
        height, width = reference.pixels.shape[2:]
        if pixels.shape[2:] != (height, width):
            remedy = (
                f"write predictions of that size, or score at theirs with "
                f"--size {pixels.shape[2]}x{pixels.shape[3]} (height x width)"
            )
            panels = self._panels(pixels) if not self.panel else None
            alike = panels.most_alike(pixels, reference.pixels) if panels is not None else 0
            if panels is not None and alike:
                remedy = how_to_crop(panels, alike)
            raise PredictionError(
                f"clip '{self.driving.id}': '{playing.stream.path.name}' is {pixels.shape[3]}x{pixels.shape[2]} and "
                f"the reference {width}x{height}: {remedy}"
            )
        return pixels


def _early_or_late(shift: int) -> str:
    if shift > 0:
        return f"{_frames(shift)} early (its frame 0 shows the clip's frame {shift})"
    return f"{_frames(-shift)} late (its frame {-shift} shows the clip's frame 0)"


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"


def _told_shift(row: Row, shift: int | None) -> Iterator[str]:
    """What became of a row under `offset`."""
    if shift is None:
        yield f"its prediction under {row} has no clear offset: its frames are matched from the first on"
    elif shift:
        left_out = f"the first {_frames(abs(shift))} of {'the clip' if shift > 0 else 'it'} left out"
        yield f"its prediction under {row} is {_early_or_late(shift)}: scored in step, {left_out}"


def _failed(error: BenchError) -> SettingReport:
    """What ended a row; the error itself would keep the clip in memory."""
    return SettingReport(error=str(error), transient=error.transient)
