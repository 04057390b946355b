"""Frames of a video, and the digests that tell them apart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Digests = NDArray[np.uint8]
"""(T, 32): sha256 of every frame, or of every pair of frames."""


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """A run of consecutive frames: `pixels` (T, 3, H, W) uint8 RGB, `times` (T,) seconds from the clip's start.

    `first` is the index of the first frame in its clip.
    """

    pixels: Tensor
    times: NDArray[np.float64]
    first: int = 0

    def __len__(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def repeated(self) -> bool:
        """Whether all frames are one frame in memory, as `Tensor.expand` makes them (the static baseline)."""
        return len(self) > 1 and self.pixels.stride(0) == 0

    @property
    def distinct(self) -> Tensor:
        """(T, 3, H, W) uint8, or (1, 3, H, W) where all frames are one in memory."""
        return self.pixels[:1] if self.repeated else self.pixels

    def part(self, start: int, count: int) -> Frames:
        """At most `count` frames from the `start`-th on; these frames themselves where that is all of them."""
        if start == 0 and count >= len(self):
            return self
        stop = start + count
        return Frames(self.pixels[start:stop], self.times[start:stop], self.first + start)

    def head(self, count: int) -> Frames:
        """The first `count` frames."""
        return self.part(0, count)

    def to(self, device: torch.device) -> Frames:
        """The same frames on `device`."""
        return Frames(self.pixels.to(device), self.times, self.first)

    @classmethod
    def of(cls, pixels: Tensor | NDArray[np.uint8], *, fps: float = 25.0, start: int = 0) -> Frames:
        """Frames at a constant rate; `start` is the index of the first in its clip."""
        tensor = torch.as_tensor(pixels)
        return cls(tensor, (np.arange(tensor.shape[0], dtype=np.float64) + start) / fps, start)


def frame_digests(pixels: Tensor) -> Digests:
    """(T, …) → (T, 32): sha256 of every frame."""
    return np.stack([_digest(repr(tuple(frame.shape)).encode(), _content(frame)) for frame in pixels])


def pair_digests(digests: Digests, others: Digests) -> Digests:
    """Digests of pairs, (T, 32)."""
    return np.stack([_digest(one.tobytes(), other.tobytes()) for one, other in zip(digests, others, strict=True)])


def _content(frame: Tensor) -> bytes:
    return frame.contiguous().cpu().numpy().tobytes()


def _digest(*parts: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(hashlib.sha256(b"".join(parts)).digest(), np.uint8)
