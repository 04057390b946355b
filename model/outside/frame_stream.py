"""Frames of one finished video by count or by time, going forward only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from bench.errors import PredictionError
from bench.frames import Frames
from bench.media.image_folder import PictureFolder
from bench.media.video_reader import VideoReader


class FrameStream:
    """Frames of a video by count or by time, going forward only."""

    def __init__(self, source: PictureFolder | VideoReader, path: Path) -> None:
        self.path = path
        self.taken = 0
        self._source = source
        self._batches: Iterator[Frames] = iter(source)
        self._frames: Tensor | None = None
        self._times: list[float] = []
        self._last = 0.0
        self._shown: Tensor | None = None

    @property
    def faults(self) -> tuple[str, ...]:
        """What is missing from the file or spoilt in it, as far as it has been read."""
        return self._source.faults if isinstance(self._source, VideoReader) else ()

    @property
    def next_time(self) -> float:
        """When the next frame is shown, in seconds from the first; that of the last frame behind the end."""
        if self._fill():
            self._last = self._times[0]
        return self._last

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
