"""The codec floor: the reference through a lossy codec and back, as a row beside the model's."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.clips import Box
from bench.frames import Frames
from bench.media.video_writer import VideoWriter
from bench.rows import CODEC_FLOOR, Row
from bench.settings import Setting
from model.interface import Driving, SettingReport
from model.origin import Origin, PlayedFile, PredictionStream
from model.outside.playback import FilePredictionStream


@dataclass(frozen=True, slots=True)
class WithCodecFloor:
    """An origin, and beside it what the H.264 of this benchmark's own videos does to the reference.

    No model whose output travels in such files can score better than this row.
    """

    origin: Origin

    def describe(self) -> Mapping[str, str | float | bool]:
        """The origin's own description."""
        return self.origin.describe()

    def begin(self, driving: Driving, settings: tuple[Setting, ...]) -> PredictionStream:
        """Write the driving frames to a file, and read them back in step with the clip."""
        inner = self.origin.begin(driving, settings)
        folder = tempfile.TemporaryDirectory(prefix="talking-head-")
        height, width = driving.source.shape[1:]
        files = FilePredictionStream(driving, "strict", crop=Box(0, 0, width, height))  # H.264 fills odd sides up
        files.open(CODEC_FLOOR, lambda: _written(driving, Path(folder.name) / "floor.mp4"))
        return _Both(inner, files, folder)


def _written(driving: Driving, path: Path) -> Path:
    assert driving.reopen is not None
    height, width = driving.source.shape[1:]
    with VideoWriter(path, size=(height, width), fps=driving.fps, codec="h264") as writer:
        for frames in driving.reopen():
            writer.write(frames.cpu())
    return path


@dataclass(frozen=True, slots=True)
class _Both:
    inner: PredictionStream
    files: FilePredictionStream
    folder: tempfile.TemporaryDirectory[str]

    def played(self) -> Mapping[Row, PlayedFile]:
        return self.inner.played()

    def step(self, reference: Frames) -> Mapping[Row, Frames]:
        return {**self.inner.step(reference), **self.files.step(reference)}

    def close(self) -> Mapping[Row, SettingReport]:
        try:
            return {**self.inner.close(), **self.files.close()}
        finally:
            self.folder.cleanup()
