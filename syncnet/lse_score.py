"""From embeddings to LSE-D, LSE-C and the offset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad, pairwise_distance

SHIFTS = 15
"""Sound is tried from 15 frames early to 15 frames late."""


@dataclass(frozen=True, slots=True)
class SyncScore:
    """SyncNet's verdict on one face track.

    `distance` is LSE-D, `confidence` LSE-C, `offset` in frames (positive: sound leads the picture), `windows` how many
    lip windows were compared.
    """

    distance: float
    confidence: float
    offset: int
    windows: int


def window_count(frames: int, samples: int, samples_per_frame: int = 640) -> int:
    """Lip windows that have sound: min(frames, samples // 640) - 5 at 16 kHz and 25 fps, at least 0.

    The public code leaves the last possible window out; published numbers are made that way.
    """
    return max(min(frames, samples // samples_per_frame) - 5, 0)


def distances(video: Tensor, audio: Tensor) -> Tensor:
    """(n, d) lip embeddings and (n + 30, d) sound embeddings from 15 windows before to 15 after → (n, 31) distances.

    Euclidean, with `pairwise_distance`'s 1e-6 added to every difference, as the public code has it.
    """
    n = video.shape[0]
    return torch.stack([pairwise_distance(video, audio[shift : shift + n]) for shift in range(2 * SHIFTS + 1)], dim=1)


def padded(audio: Tensor) -> Tensor:
    """(n, d) sound embeddings with 15 zero vectors at both ends. The zeros do take part in the means."""
    return pad(audio, (0, 0, SHIFTS, SHIFTS))


def mean_distances(table: NDArray[np.float32]) -> NDArray[np.float64]:
    """The (n, 31) distances of all windows → their means (31,) at shifts -15 … 15."""
    return np.asarray(table.mean(axis=0, dtype=np.float64))


def score(table: NDArray[np.float32]) -> SyncScore:
    """The verdict from the (n, 31) distances of all windows, n ≥ 1.

    LSE-D is the smallest of the means over windows, LSE-C the median of these means minus the smallest, the
    offset 15 minus the place of the smallest.
    """
    means = mean_distances(table)
    best = int(means.argmin())
    smallest = float(means[best])
    return SyncScore(
        distance=smallest,
        confidence=float(np.median(means)) - smallest,
        offset=SHIFTS - best,
        windows=table.shape[0],
    )
