"""Kernel Inception distance, of one clip and pooled over a suite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bench.compute.scored_frames import ScoredFrames
from bench.outcome import Outcome
from bench.weights.resources import Resources
from metrics.distribution.feature_sample import Sample, Tickets
from metrics.distribution.inception import DIMENSIONS, network
from metrics.distribution.sides import of_sides, one_side
from metrics.fid import rows
from metrics.metric import ClipFacts, Metric

SUBSETS = 100
SUBSET_SIZE = 1000
SEED = 2020
CAPACITY = 4096

Floats = NDArray[np.float64]


def kernel_distance(
    pred: NDArray[np.float32], ref: NDArray[np.float32], *, subsets: int = SUBSETS, size: int = SUBSET_SIZE
) -> tuple[float, float]:
    """Unbiased squared maximum mean discrepancy of two sets of features (n, d) and (m, d), n and m at least 2.

    The kernel is (x·y / d + 1)³. The value is the mean over `subsets` random subsets of `size` rows a side, drawn by a
    Mersenne Twister of seed 2020 as torch-fidelity draws them; the second number is their standard deviation. Sets of
    no more than `size` rows are used whole, once.
    """
    size = min(size, len(pred), len(ref))
    if size == len(pred) == len(ref):
        chosen_pred = chosen_ref = np.ones((size, 1))
    else:
        random = np.random.RandomState(SEED)
        chosen_pred, chosen_ref = np.zeros((len(pred), subsets)), np.zeros((len(ref), subsets))
        for subset in range(subsets):
            chosen_pred[random.choice(len(pred), size, replace=False), subset] = 1
            chosen_ref[random.choice(len(ref), size, replace=False), subset] = 1
    x, y = pred.astype(np.float64), ref.astype(np.float64)
    within = _pairs(x, x, chosen_pred, chosen_pred) - _alike(x, chosen_pred)
    within += _pairs(y, y, chosen_ref, chosen_ref) - _alike(y, chosen_ref)
    between = _pairs(x, y, chosen_pred, chosen_ref)
    values = within / (size * (size - 1)) - 2 * between / size**2
    return float(values.mean()), float(values.std())


def _pairs(x: Floats, y: Floats, of_x: Floats, of_y: Floats) -> Floats:
    """Sum of the kernel over all pairs of every subset: (n, d), (m, d), indicators (n, s), (m, s) → (s,)."""
    kernel = x @ y.T
    kernel /= x.shape[1]
    kernel += 1
    kernel **= 3
    return np.asarray((of_x * (kernel @ of_y)).sum(0))


def _alike(x: Floats, of_x: Floats) -> Floats:
    """The part of `_pairs` that pairs rows with themselves."""
    return np.asarray(((np.square(x).sum(1) / x.shape[1] + 1) ** 3) @ of_x)


def _sample() -> Sample:
    return Sample(CAPACITY, np.empty((0, DIMENSIONS), np.float32))


@dataclass(slots=True)
class KIDPool:
    """A bounded sample of both sides' features: at most 4096 frames a side."""

    pred: Sample = field(default_factory=_sample)
    ref: Sample = field(default_factory=_sample)

    def merge(self, other: KIDPool) -> None:
        """Take in the frames of another pool."""
        self.pred.merge(other.pred)
        self.ref.merge(other.ref)

    def outcome(self) -> Outcome:
        """KID over the sample; `n` is the number of frames on each side that it was drawn from."""
        n = self.pred.offered
        if n < 2:
            return Outcome.failed(f"KID needs two frames or more on each side, here is {n}")
        value, spread = kernel_distance(self.pred.ordered(), self.ref.ordered())
        details = {"subsets_std": spread, "sampled_frames": float(len(self.pred.rows))}
        return Outcome("value", value=value, n=n, details=details)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state as plain arrays, for a file."""
        return of_sides(pred=self.pred.to_arrays(), ref=self.ref.to_arrays())

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """What `to_arrays` gave."""
        pred, ref = (Sample.of_arrays(one_side(arrays, side)) for side in ("pred", "ref"))
        return cls(pred, ref)


@dataclass(slots=True)
class _ClipKID:
    resources: Resources
    tickets: Tickets
    sides: KIDPool = field(default_factory=KIDPool)

    def update(self, pred: ScoredFrames, ref: ScoredFrames) -> None:
        tickets = self.tickets.draw(len(pred))
        self.sides.pred.add(rows(pred, self.resources), tickets)
        self.sides.ref.add(rows(ref, self.resources), tickets)

    def result(self) -> Outcome:
        return self.sides.outcome()

    def pool(self) -> KIDPool:
        return self.sides


def _begin(facts: ClipFacts, resources: Resources) -> _ClipKID:
    network(resources)
    return _ClipKID(resources, Tickets.of(facts.id))


KID = Metric(
    id="kid",
    label="KID",
    version=1,
    direction="lower",
    unit="",
    definition=(
        "unbiased squared maximum mean discrepancy of FID's features with the kernel (x·y / 2048 + 1)³, float64; mean "
        f"over {SUBSETS} subsets of {SUBSET_SIZE} frames a side (seed {SEED}), all frames at once where there are no "
        f"more; above {CAPACITY} frames a side, an even sample of so many, chosen by clip id and frame number; 0 is "
        "expected, not reached, by equal distributions, and values may be negative"
    ),
    source="Bińkowski et al. 2018 (arXiv 1801.01401), agreeing with torch-fidelity 0.4.0",
    begin=_begin,
    ideal=0.0,
    weights=("inception",),
    lane="inception",
    per_frame=False,
    pool=KIDPool,
    digits=4,
)
