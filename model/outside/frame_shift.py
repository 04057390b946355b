"""By how many frames a finished prediction is early or late, told from how its pictures move.

The rule: the first 256 frames of both sides are made small and grey. For every shift of at most 12 frames the two are
correlated over the same frames of the prediction, quarter by quarter (of at least 8 frames), each less its mean over
time, so that motion alone counts. A shift is clear where it is less than that most, where the correlation reaches 0.5
and no shift but its neighbours comes within 0.001 of it, and where the same shift is the best in every quarter in which
both sides move; one other than 0 also has to leave a tenth less unexplained than 0 does. Still videos, the motion of
somebody else, motion that repeats itself and videos that lose frames on the way have none that is clear.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from bench.compute.thumbnails import thumbnails

WINDOW, FARTHEST = 256, 12
"""Frames that are looked at, and the largest shift."""
_BLOCKS, _SHORTEST = 4, 8
_STILL = 0.3  # levels: root mean square of motion in small pictures that codecs make of a still video
_CLEAR, _ALONE, _GAIN = 0.5, 1e-3, 0.9

Floats = NDArray[np.float64]
Pictures = NDArray[np.float32]


@dataclass(slots=True)
class Beginning:
    """Small pictures of the first frames of a video, made of their green; 4 kB each."""

    pictures: list[Pictures] = field(default_factory=list)
    count: int = 0

    def add(self, pixels: Tensor) -> None:
        """Take in the next frames (T, 3, H, W) uint8, as far as they count."""
        if self.count < WINDOW:
            green = pixels[: WINDOW - self.count, 1:2]
            self.pictures.append(thumbnails(green).flatten(1).numpy())
            self.count += len(green)

    def fill(self, batches: Iterable[Tensor]) -> None:
        """Take in as many of the batches as count."""
        for pixels in batches:
            self.add(pixels)
            if self.count >= WINDOW:
                return

    def array(self) -> Pictures:
        """(T, N)."""
        return np.concatenate(self.pictures) if self.pictures else np.empty((0, 1), np.float32)


def frame_shift(prediction: Pictures, reference: Pictures) -> int | None:
    """The index of the reference's frame that the prediction's frame 0 shows; None where that is not clear.

    Both are small pictures (T, N) from the first frame on. Negative where the prediction begins with frames that the
    reference lacks.
    """
    count = min(len(prediction), len(reference), WINDOW)
    reach = min(FARTHEST, (count - _SHORTEST) // 2)
    if reach < 1:
        return None
    pred, ref = (side[:count] - side[:count].mean(0) for side in (prediction, reference))
    parts = min(_BLOCKS, max((count - 2 * reach) // _SHORTEST, 1))
    edges = np.linspace(reach, count - reach, parts + 1).astype(int).tolist()
    sums = np.array([_sums(pred, ref, *block, reach) for block in pairwise(edges)])
    moving = sums[np.sqrt(sums[:, :2].min(axis=(1, 2))) > _STILL]
    if not len(moving):
        return None
    likeness = _correlation(moving.sum(0))
    best = int(likeness.argmax())
    elsewhere = likeness[np.abs(np.arange(len(likeness)) - best) > 1]
    if abs(best - reach) == reach or likeness[best] < _CLEAR or elsewhere.max() > likeness[best] - _ALONE:
        return None
    if any(int(_correlation(part).argmax()) != best for part in moving):
        return None
    if best != reach and 1 - likeness[best] > _GAIN * (1 - likeness[reach]):
        return None
    return best - reach


def _sums(pred: Pictures, ref: Pictures, start: int, stop: int, reach: int) -> Floats:
    """(3, S) of a prediction's frames and the reference's at every shift: variances of both, and covariances."""
    ours, around = pred[start:stop] - pred[start:stop].mean(0), ref[start - reach : stop + reach]
    squares, width = np.square(around).sum(1, dtype=np.float64), stop - start
    sums = np.concatenate([np.zeros((1, around.shape[1])), around.cumsum(0, dtype=np.float64)])
    shifts = range(2 * reach + 1)
    products = [float(np.vdot(ours, around[at : at + width])) for at in shifts]
    means = [float(np.square(sums[at + width] - sums[at]).sum()) / width for at in shifts]
    theirs = [float(squares[at : at + width].sum()) - mean for at, mean in zip(shifts, means, strict=True)]
    return np.asarray(np.array([[float(np.vdot(ours, ours))] * len(shifts), theirs, products]) / ours.size)


def _correlation(sums: Floats) -> Floats:
    """(3, S) → (S,)."""
    return np.asarray(sums[2] / np.sqrt(np.maximum(sums[0] * sums[1], 1e-9)))
