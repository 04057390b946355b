"""Frames under scoring, and everything that has been computed from them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from metrics.feature_cache import StoredFeatures

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """A run of consecutive frames: `pixels` (T, 3, H, W) uint8 RGB, `times` (T,) seconds from the clip's start.

    Whatever a metric derives from frames (float pixels, filtered moments, network features) is remembered here under a
    key, so that metrics share it and a reference is worked on once however many settings it is compared with.
    `first` is the index of the first frame in its clip. `stored`, if given, is where features and values of this clip's
    frames are kept between runs; those of a prediction by a model have none.
    """

    pixels: Tensor
    times: NDArray[np.float64]
    first: int = 0
    stored: StoredFeatures | None = None
    _memo: dict[str, Any] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def repeated(self) -> bool:
        """Whether all frames are one frame in memory, as `Tensor.expand` makes them (the static baseline)."""
        return len(self) > 1 and self.pixels.stride(0) == 0

    @property
    def unit(self) -> Tensor:
        """(T, 3, H, W) float32 in [0, 1]."""
        return self.per_frame("unit", lambda pixels: pixels.float() / 255.0)

    def derived(self, key: str, compute: Callable[[Frames], T]) -> T:
        """What `compute` makes of these frames, computed at the first asking and remembered under `key`."""
        if key not in self._memo:
            self._memo[key] = compute(self)
        return cast(T, self._memo[key])

    def per_frame(self, key: str, compute: Callable[[Tensor], Tensor], *, keep: bool = False) -> Tensor:
        """The same for a function of pixels (T, 3, H, W) uint8 → (T, …) that treats every frame alone.

        A repeated frame is computed once. With `keep` the values are worth a place on disk where these frames have one;
        `key` must then name everything that they depend on beside the pixels.
        """

        def each(frames: Frames) -> Tensor:
            pixels = frames.pixels[:1] if frames.repeated else frames.pixels
            if keep and frames.stored is not None:
                digests = frames.digests[: len(pixels)]
                values = frames.stored.per_frame(key, frames.first, pixels, compute, digests=digests)
            else:
                values = compute(pixels)
            return values.expand(len(frames), *values.shape[1:]) if frames.repeated else values

        return self.derived(key, each)

    @property
    def digests(self) -> NDArray[np.uint8]:
        """(T, 32): sha256 of every frame."""

        def compute(frames: Frames) -> NDArray[np.uint8]:
            found = frame_digests(frames.pixels[:1] if frames.repeated else frames.pixels)
            return np.broadcast_to(found, (len(frames), found.shape[1]))

        return self.derived("digests", compute)

    def value(self, other: Frames, key: str, compute: Callable[[Frames, Frames], Tensor]) -> Tensor:
        """A value (T,) of every frame of these beside one of `other`, kept on disk where both have a place there.

        `key` must name everything that values depend on beside the pixels; without one they are not kept.
        """
        if not key or self.stored is None or other.stored is None:
            return compute(self, other)
        pairs = pair_digests(self.digests, other.digests)
        once = cache(lambda: compute(self, other).cpu())
        return self.stored.known(key, self.first, pairs, lambda missing: once()[missing])

    def paired(self, other: Frames, key: str, compute: Callable[[Frames, Frames], T]) -> T:
        """What `compute` makes of these frames beside `other`, remembered under `key` for that pair.

        Two metrics that compare the same pair (SSIM and the first scale of MS-SSIM) share it so.
        """
        key = f"{key} beside {id(other)}"
        if key not in self._memo:
            # Keeping `other` keeps its id from being given to another object.
            self._memo[key] = (None if other is self else other, compute(self, other))
        return cast(T, self._memo[key][1])

    def head(self, count: int) -> Frames:
        """The first `count` frames; these frames themselves where that is all of them."""
        return self if count >= len(self) else Frames(self.pixels[:count], self.times[:count])

    def apart(self) -> Frames:
        """These frames with nothing derived from them yet: what will be goes when they go."""
        return Frames(self.pixels, self.times, self.first, self.stored)

    @classmethod
    def of(cls, pixels: Tensor | NDArray[np.uint8], *, fps: float = 25.0, start: int = 0) -> Frames:
        """Frames at a constant rate; `start` is the index of the first in its clip."""
        tensor = torch.as_tensor(pixels)
        return cls(tensor, (np.arange(tensor.shape[0], dtype=np.float64) + start) / fps, start)


Digests = NDArray[np.uint8]


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
