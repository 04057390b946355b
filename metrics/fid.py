"""Fréchet Inception distance, of one clip and pooled over a suite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bench.compute.scored_frames import ScoredFrames
from bench.outcome import Outcome
from bench.weights.resources import Resources
from metrics.distribution.frechet import frechet_distance
from metrics.distribution.inception import DIMENSIONS, features, network
from metrics.distribution.moments import Moments
from metrics.distribution.sides import of_sides, one_side
from metrics.metric import ClipFacts, Metric


@dataclass(slots=True)
class FIDPool:
    """Moments of both sides; grows with the frames up to 2048 a side, and no further."""

    pred: Moments = field(default_factory=lambda: Moments(DIMENSIONS))
    ref: Moments = field(default_factory=lambda: Moments(DIMENSIONS))

    def merge(self, other: FIDPool) -> None:
        """Take in the frames of another pool."""
        self.pred.merge(other.pred)
        self.ref.merge(other.ref)

    def outcome(self) -> Outcome:
        """FID over all frames; `n` is the number of frames on each side."""
        n = len(self.pred)
        if n < 2:
            return Outcome.failed(f"FID needs two frames or more on each side to have a covariance, here is {n}")
        value = frechet_distance(*self.pred.mean_and_factor(), *self.ref.mean_and_factor())
        return Outcome("value", value=value, n=n)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state as plain arrays, for a file."""
        return of_sides(pred=self.pred.to_arrays(), ref=self.ref.to_arrays())

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """What `to_arrays` gave."""
        pred, ref = (Moments.of_arrays(one_side(arrays, side)) for side in ("pred", "ref"))
        return cls(pred, ref)


@dataclass(slots=True)
class _ClipFID:
    resources: Resources
    sides: FIDPool = field(default_factory=FIDPool)

    def update(self, pred: ScoredFrames, ref: ScoredFrames) -> None:
        self.sides.pred.add(rows(pred, self.resources))
        self.sides.ref.add(rows(ref, self.resources))

    def result(self) -> Outcome:
        return self.sides.outcome()

    def pool(self) -> FIDPool:
        return self.sides


def rows(frames: ScoredFrames, resources: Resources) -> NDArray[np.float32]:
    """Inception features of frames, (T, 2048): one array, whoever asks."""
    found = features(frames, resources)  # kept with the frames, so that its id is given to nothing else
    return frames.derived(f"rows of {id(found)}", lambda _: found.cpu().numpy())


def _begin(facts: ClipFacts, resources: Resources) -> _ClipFID:
    network(resources)  # missing weights are told before the first frame
    return _ClipFID(resources)


FID = Metric(
    id="fid",
    label="FID",
    version=1,
    direction="lower",
    unit="",
    definition=(
        "Fréchet distance of InceptionV3 features (TensorFlow weights of 2015, 2048-d pool) of all frames against the "
        "reference's frames of the same clips; RGB frames as scored, [0, 1], bilinear to 299×299 without antialias; "
        "covariance with n - 1, float64, exact factor form; N is the number of frames on each side; the suite's value "
        "pools all frames, a clip's value measures mostly its N"
    ),
    source="Heusel et al. 2017 (arXiv 1706.08500), agreeing with pytorch-fid 0.3.0",
    begin=_begin,
    bounds=(0.0, float("inf")),
    ideal=0.0,
    weights=("inception",),
    lane="inception",
    per_frame=False,
    pool=FIDPool,
    digits=2,
)
