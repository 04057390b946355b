"""Frames under scoring: everything that has been computed from them, in memory and between runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from bench.frames import Digests, Frames, frame_digests, pair_digests

T = TypeVar("T")


class FeatureStore(Protocol):
    """Where what was computed of one video's frames is kept between runs (`metrics.scorer.feature_cache`)."""

    def per_frame(
        self,
        key: str,
        first: int,
        pixels: Tensor,
        compute: Callable[[Tensor], Tensor],
        *,
        digests: Digests | None = None,
    ) -> Tensor:
        """`compute(pixels)`, where only frames that are not known are computed."""

    def known(self, key: str, first: int, digests: Digests, compute: Callable[[Tensor], Tensor]) -> Tensor:
        """The same for values of whatever has these digests (T, 32); `compute` is told which are missing, (T,) bool."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoredFrames:
    """Frames, and whatever metrics derive from them (float pixels, filtered moments, network features).

    It is remembered here under a key, so that metrics share it and a reference is worked on once however many settings
    it is compared with. `stored`, if given, is where features and values of these frames are kept between runs; a
    model's predictions have none.
    """

    frames: Frames
    stored: FeatureStore | None = None
    _memo: dict[str, Any] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def pixels(self) -> Tensor:
        """(T, 3, H, W) uint8 RGB."""
        return self.frames.pixels

    @property
    def times(self) -> NDArray[np.float64]:
        """(T,) seconds from the clip's start."""
        return self.frames.times

    @property
    def unit(self) -> Tensor:
        """(T, 3, H, W) float32 in [0, 1]."""
        return self.per_frame("unit", lambda pixels: pixels.float() / 255.0)

    def derived(self, key: str, compute: Callable[[ScoredFrames], T]) -> T:
        """What `compute` makes of these frames, computed at the first asking and remembered under `key`."""
        if key not in self._memo:
            self._memo[key] = compute(self)
        return cast(T, self._memo[key])

    def per_frame(self, key: str, compute: Callable[[Tensor], Tensor], *, keep: bool = False) -> Tensor:
        """The same for a function of pixels (T, 3, H, W) uint8 → (T, …) that treats every frame alone.

        A repeated frame is computed once. With `keep` the values are worth a place on disk where these frames have one;
        `key` must then name everything that they depend on beside the pixels.
        """

        def each(scored: ScoredFrames) -> Tensor:
            pixels = scored.frames.distinct
            if keep and scored.stored is not None:
                digests = scored.digests[: len(pixels)]
                values = scored.stored.per_frame(key, scored.frames.first, pixels, compute, digests=digests)
            else:
                values = compute(pixels)
            return values.expand(len(scored), *values.shape[1:]) if scored.frames.repeated else values

        return self.derived(key, each)

    @property
    def digests(self) -> Digests:
        """(T, 32): sha256 of every frame."""

        def compute(scored: ScoredFrames) -> Digests:
            found = frame_digests(scored.frames.distinct)
            return np.broadcast_to(found, (len(scored), found.shape[1]))

        return self.derived("digests", compute)

    def value(self, other: ScoredFrames, key: str, compute: Callable[[ScoredFrames, ScoredFrames], Tensor]) -> Tensor:
        """A value (T,) of every frame of these beside one of `other`, kept on disk where both have a place there.

        `key` must name everything that values depend on beside the pixels; without one they are not kept.
        """
        if not key or self.stored is None or other.stored is None:
            return compute(self, other)
        pairs = pair_digests(self.digests, other.digests)
        once = cache(lambda: compute(self, other).cpu())
        return self.stored.known(key, self.frames.first, pairs, lambda missing: once()[missing])

    def paired(self, other: ScoredFrames, key: str, compute: Callable[[ScoredFrames, ScoredFrames], T]) -> T:
        """What `compute` makes of these frames beside `other`, remembered under `key` for that pair.

        Two metrics that compare the same pair (SSIM and the first scale of MS-SSIM) share it so.
        """
        key = f"{key} beside {id(other)}"
        if key not in self._memo:
            # Keeping `other` keeps its id from being given to another object.
            self._memo[key] = (None if other is self else other, compute(self, other))
        return cast(T, self._memo[key][1])

    def part(self, start: int, count: int) -> ScoredFrames:
        """At most `count` frames from the `start`-th on; these frames themselves where that is all of them."""
        return self if start == 0 and count >= len(self) else ScoredFrames(self.frames.part(start, count))

    def head(self, count: int) -> ScoredFrames:
        """The first `count` frames."""
        return self.part(0, count)

    @classmethod
    def of(
        cls,
        pixels: Tensor | NDArray[np.uint8],
        *,
        fps: float = 25.0,
        start: int = 0,
        stored: FeatureStore | None = None,
    ) -> ScoredFrames:
        """Frames at a constant rate; `start` is the index of the first in its clip."""
        return cls(Frames.of(pixels, fps=fps, start=start), stored)
