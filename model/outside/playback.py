"""Finished video files played back in step with the clip that they predict."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
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

Alignment = Literal["strict", "shortest", "time"]
"""What happens to the frames of a file.

`strict` wants as many as the reference has, at its rate; `shortest` scores the frames that both have, whatever their
rates; `time` takes for every reference frame the prediction that is shown at its time.
"""

LOSSLESS = frozenset({"ffv1", "png", "apng", "rawvideo", "huffyuv", "ffvhuff", "utvideo"})
RGB = frozenset({"rgb24", "bgr24", "rgb0", "bgr0", "0rgb", "0bgr", "rgba", "bgra", "argb", "abgr", "gbrp", "gbrap"})
_SAME_RATE = 0.005
"""Relative difference up to which two rates are the same: 23.976 and 24 are."""

_REMEDY = "score the common ones with --align shortest, or match by time with --align time"


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
class FilePredictionStream:
    """Reads the predictions of one clip in step with its reference. A video's fault ends its own row only.

    A damaged file is such a fault, wherever in it the damage is. `crop` is the part of its frames that counts.
    """

    driving: Driving
    align: Alignment
    crop: Box | None = None
    streams: dict[Row, FrameStream] = field(default_factory=dict)
    errors: dict[Row, str] = field(default_factory=dict)
    carriers: dict[Row, str] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    def open(self, row: Row, find: Callable[[], Path]) -> None:
        """Open one row's video; `find()` says where it is."""
        try:
            path = find()
            with self._told(path):
                self.streams[row] = FrameStream(self._frames(path), path)
                self.carriers[row] = carrier_of(path, hdr=self.driving.rules.hdr)
        except BenchError as error:
            self.errors[row] = str(error)
            self.streams.pop(row, None)

    def step(self, reference: Frames) -> Mapping[Row, Frames]:
        """The frames of every row that belong to these reference frames."""
        found: dict[Row, Frames] = {}
        for row, stream in list(self.streams.items()):
            try:
                with self._told(stream.path):
                    pixels = self._next(stream, reference)
                if len(pixels):
                    times = reference.times[: len(pixels)]
                    found[row] = Frames(self._checked(pixels, reference, stream).to(reference.pixels.device), times)
            except BenchError as error:
                self.errors[row] = str(error)
                del self.streams[row]
        return found

    def close(self) -> Mapping[Row, SettingReport]:
        """What ended each row that has ended; a video longer than its reference is such an end if `strict`.

        Files are read to their ends: damage may be known only there.
        """
        for row, stream in self.streams.items():
            count = stream.taken
            try:
                with self._told(stream.path):
                    longer = len(stream.take(1)) > 0
                    stream.drain()
                self._see_intact(stream)
                if self.align == "strict" and longer:
                    raise PredictionError(
                        f"clip '{self.driving.id}': '{stream.path.name}' has more frames than its reference, which has "
                        f"{count}: {_REMEDY}"
                    )
            except BenchError as error:
                self.errors[row] = str(error)
        self._open.close()
        rows = self.carriers | self.errors
        return {row: SettingReport(error=self.errors.get(row), carrier=self.carriers.get(row, "")) for row in rows}

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

    def _frames(self, path: Path) -> PictureFolder | VideoReader:
        if path.is_dir():
            return PictureFolder(path, self.driving.fps)
        reader = self._open.enter_context(VideoReader(path, crop=self.crop, rules=self.driving.rules))
        mine, reference = reader.info.fps, self.driving.fps
        if self.align == "strict" and abs(mine - reference) > _SAME_RATE * reference:
            raise PredictionError(
                f"clip '{self.driving.id}': '{path.name}' has {mine:.6g} frames a second and its reference "
                f"{reference:.6g}: match by time with --align time, or frame by frame with --align shortest"
            )
        return reader

    def _next(self, stream: FrameStream, reference: Frames) -> Tensor:
        if self.align == "time":
            return torch.cat([stream.shown_at(float(time)) for time in reference.times])
        pixels = stream.take(len(reference))
        if self.align == "strict" and len(pixels) < len(reference):
            self._see_intact(stream)
            raise PredictionError(
                f"clip '{self.driving.id}': '{stream.path.name}' has only {stream.taken} frames, fewer than its "
                f"reference: {_REMEDY}"
            )
        return pixels

    def _checked(self, pixels: Tensor, reference: Frames, stream: FrameStream) -> Tensor:
        height, width = reference.pixels.shape[2:]
        if pixels.shape[2:] != (height, width):
            raise PredictionError(
                f"clip '{self.driving.id}': '{stream.path.name}' is {pixels.shape[3]}x{pixels.shape[2]} and the "
                f"reference {width}x{height}: write predictions of that size, or score at theirs with "
                f"--size {pixels.shape[2]}x{pixels.shape[3]} (height x width)"
            )
        return pixels


class FrameStream:
    """Frames of a video by count or by time, going forward only."""

    def __init__(self, source: PictureFolder | VideoReader, path: Path) -> None:
        self.path = path
        self.taken = 0
        self._source = source
        self._batches: Iterator[Frames] = iter(source)
        self._frames: Tensor | None = None
        self._times: list[float] = []
        self._shown: Tensor | None = None

    @property
    def faults(self) -> tuple[str, ...]:
        """What is missing from the file or spoilt in it, as far as it has been read."""
        return self._source.faults if isinstance(self._source, VideoReader) else ()

    def drain(self) -> None:
        """Read on to the end, and keep nothing."""
        self._frames = None
        for _ in self._batches:
            pass

    def take(self, count: int) -> Tensor:
        """The next frames, at most `count`: (≤ count, 3, H, W) uint8."""
        parts: list[Tensor] = []
        while count and self._fill():
            assert self._frames is not None
            parts.append(self._frames[:count])
            count -= len(parts[-1])
            self._drop(len(parts[-1]))
        return torch.cat(parts) if parts else torch.empty(0, 3, 0, 0, dtype=torch.uint8)

    def shown_at(self, time: float) -> Tensor:
        """The frame that is on the screen at `time` seconds, (1, 3, H, W); the last one stays on."""
        half_tick = 1e-3  # time stamps of containers are rounded to milliseconds at the coarsest
        while self._fill() and (self._shown is None or self._times[0] <= time + half_tick):
            assert self._frames is not None
            self._shown = self._frames[:1]
            self._drop(1)
        if self._shown is None:
            raise PredictionError(f"'{self.path.name}' has no frames")
        return self._shown

    def _fill(self) -> bool:
        if self._frames is None or not len(self._frames):
            frames = next(self._batches, None)
            if frames is None:
                return False
            self._frames, self._times = frames.pixels, frames.times.tolist()
        return True

    def _drop(self, count: int) -> None:
        assert self._frames is not None
        self.taken += count
        self._frames, self._times = self._frames[count:], self._times[count:]
