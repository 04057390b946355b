"""Finished videos of any model, read beside the clips that they predict."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from bench.errors import BenchError, PredictionError
from bench.picture_folder import PictureFolder
from bench.settings import Setting
from bench.store import file_name
from bench.video import VideoReader, probe
from metrics.frames import Frames
from model.interface import Driving, SettingReport

Alignment = Literal["strict", "shortest", "time"]

LOSSLESS = frozenset({"ffv1", "png", "rawvideo", "huffyuv", "ffvhuff", "utvideo"})
"""Codecs whose files hold the model's frames exactly, where they store RGB."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """A folder of videos, and the rule that matches them with clips and settings.

    Without `pattern` and `table`, the video of clip ID under SETTING is `DIR/<setting folder>/ID.*`, or `DIR/ID.*`
    where the run has one setting. `pattern` is a path under the folder with `{id}` and `{setting}` in it; `table` a CSV
    file with the columns clip, file and, for several settings, setting.

    `align` is what happens to the frames: `strict` wants as many as the reference has; `shortest` scores the frames
    that both have; `time` takes for every reference frame the prediction that is shown at its time.
    """

    folder: Path
    pattern: str | None = None
    table: Path | None = None
    align: Alignment = "strict"

    def describe(self) -> Mapping[str, str | float | bool]:
        """Where the videos come from."""
        return {"folder": str(self.folder), "alignment": self.align}

    def begin(self, driving: Driving, settings: tuple[Setting, ...]) -> FileGenerator:
        """Open the videos of one clip."""
        generator = FileGenerator(driving, self.align)
        for setting in settings:
            generator.open(str(setting), partial(self.find, driving.id, setting, settings))
        return generator

    def find(self, clip: str, setting: Setting, settings: tuple[Setting, ...]) -> Path:
        """The video of a clip under a setting.

        Raises:
            PredictionError: there is none, or more than one.
        """
        if self.table is not None:
            return self._listed(clip, setting, several=len(settings) > 1)
        stem = file_name(clip)
        if self.pattern is not None:
            wanted = self.pattern.replace("{id}", stem).replace("{setting}", setting.folder)
            found = [self.folder / wanted] if (self.folder / wanted).exists() else []
            where = str(self.folder / wanted)
        else:
            folders = [self.folder / setting.folder, *([self.folder] if len(settings) == 1 else [])]
            found = next((hits for folder in folders if (hits := _named(folder, stem))), [])
            where = " or ".join(f"{folder / stem}.*" for folder in folders)
        if not found:
            raise PredictionError(f"clip '{clip}': no prediction under {setting}: {where} is not there")
        if len(found) > 1:
            names = " and ".join(path.name for path in found[:2])
            raise PredictionError(f"clip '{clip}': two predictions under {setting}, {names}: keep one")
        return found[0]

    def extra(self, clips: set[str], settings: tuple[Setting, ...]) -> list[Path]:
        """Videos in the folder that belong to no clip of the run."""
        if self.table is not None or self.pattern is not None or not self.folder.is_dir():
            return []
        stems = {file_name(clip) for clip in clips}
        folders = [self.folder / setting.folder for setting in settings] + ([self.folder] if len(settings) == 1 else [])
        return sorted(
            path
            for folder in folders
            if folder.is_dir()
            for path in folder.iterdir()
            if path.is_file() and not path.name.startswith(".") and path.stem not in stems
        )

    def carrier(self, clips: list[str], settings: tuple[Setting, ...]) -> str:
        """What the frames were carried by: `uint8` for lossless RGB files, else the codecs that were found."""
        codecs = set()
        for clip in clips:
            for setting in settings:
                try:
                    codecs.add(carrier_of(self.find(clip, setting, settings)))
                except BenchError:
                    continue
        return ", ".join(sorted(codecs)) or "uint8"

    def _listed(self, clip: str, setting: Setting, *, several: bool) -> Path:
        assert self.table is not None
        for row in _rows(self.table):
            named = row.get("setting")
            if row["clip"] == clip and (not several or (named is not None and Setting.parse(named) == setting)):
                path = self.folder / row["file"]
                if not path.exists():
                    raise PredictionError(f"clip '{clip}': '{path}', named by {self.table.name}, is not there")
                return path
        raise PredictionError(f"clip '{clip}': {self.table.name} names no prediction under {setting}")


def carrier_of(path: Path) -> str:
    """`uint8` for a lossless RGB file or a folder of pictures, else `file: codec`."""
    if path.is_dir():
        return "uint8"
    info = probe(path)
    return "uint8" if info.codec in LOSSLESS else f"file: {info.codec}"


def _named(folder: Path, stem: str) -> list[Path]:
    """Files `stem.*` and a folder `stem` of pictures."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.stem == stem or (path.is_dir() and path.name == stem))


def _rows(table: Path) -> list[dict[str, str]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BenchError(f"the list of predictions '{table}' cannot be read: {error}") from None
    if not rows or not {"clip", "file"} <= set(rows[0]):
        raise BenchError(f"the list of predictions '{table}' needs the columns clip and file")
    return rows


@dataclass(slots=True)
class FileGenerator:
    """Reads the predictions of one clip in step with its reference. A video's fault ends its own row only."""

    driving: Driving
    align: Alignment
    streams: dict[str, FrameStream] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    def open(self, row: str, find: Callable[[], Path]) -> None:
        """Open one row's video; `find()` says where it is."""
        try:
            path = find()
            folder = path.is_dir()
            frames = PictureFolder(path, self.driving.fps) if folder else self._open.enter_context(VideoReader(path))
            self.streams[row] = FrameStream(frames, path)
        except BenchError as error:
            self.errors[row] = str(error)

    def step(self, reference: Frames) -> Mapping[str, Frames]:
        """The frames of every row that belong to these reference frames."""
        found: dict[str, Frames] = {}
        for row, stream in list(self.streams.items()):
            try:
                pixels = self._next(stream, reference)
                if len(pixels):
                    times = reference.times[: len(pixels)]
                    found[row] = Frames(self._checked(pixels, reference, stream).to(reference.pixels.device), times)
            except BenchError as error:
                self.errors[row] = str(error)
                del self.streams[row]
        return found

    def close(self) -> Mapping[str, SettingReport]:
        """What ended each row that has ended; a video longer than its reference is such an end if `strict`."""
        for row, stream in self.streams.items():
            try:
                if self.align == "strict" and len(stream.take(1)):
                    self.errors[row] = (
                        f"clip '{self.driving.id}': '{stream.path.name}' has more frames than its reference"
                    )
            except BenchError as error:
                self.errors[row] = str(error)
        self._open.close()
        return {row: SettingReport(error=error) for row, error in self.errors.items()}

    def _next(self, stream: FrameStream, reference: Frames) -> Tensor:
        if self.align == "time":
            return torch.cat([stream.shown_at(float(time)) for time in reference.times])
        pixels = stream.take(len(reference))
        if self.align == "strict" and len(pixels) < len(reference):
            raise PredictionError(
                f"clip '{self.driving.id}': '{stream.path.name}' has only {stream.taken} frames, fewer than its "
                "reference: score the common ones with --align shortest, or match by time with --align time"
            )
        return pixels

    def _checked(self, pixels: Tensor, reference: Frames, stream: FrameStream) -> Tensor:
        height, width = reference.pixels.shape[2:]
        if pixels.shape[2:] != (height, width):
            raise PredictionError(
                f"clip '{self.driving.id}': '{stream.path.name}' is {pixels.shape[3]}x{pixels.shape[2]} and the "
                f"reference {width}x{height}: write predictions of that size, or score at theirs with --size"
            )
        return pixels


class FrameStream:
    """Frames of a video by count or by time, going forward only."""

    def __init__(self, batches: Iterable[Frames], path: Path) -> None:
        self.path = path
        self.taken = 0
        self._batches: Iterator[Frames] = iter(batches)
        self._frames: Tensor | None = None
        self._times: list[float] = []
        self._shown: Tensor | None = None

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
