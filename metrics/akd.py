"""Average keypoint distance: how far the face's landmarks are from where they should be."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bench.compute.frame_values import FrameValues
from bench.compute.scored_frames import ScoredFrames
from bench.faces import landmarks
from bench.outcome import Outcome
from bench.weights.resources import Resources
from metrics import face_metric
from metrics.face_metric import Floats, Sightings
from metrics.metric import ClipFacts, Metric


def distance(pred: Floats, ref: Floats) -> Floats:
    """pred, ref: (T, N, 2) landmarks in pixels → (T,) mean distance, NaN where either is."""
    return np.asarray(np.linalg.norm(pred - ref, axis=2).mean(1))


@dataclass(slots=True)
class _Distance:
    resources: Resources
    sightings: Sightings = field(default_factory=Sightings)
    values: FrameValues[np.float64] = field(default_factory=FrameValues)

    def update(self, pred: ScoredFrames, ref: ScoredFrames) -> None:
        ours, theirs = face_metric.sixty_eight(pred, self.resources), face_metric.sixty_eight(ref, self.resources)
        self.sightings.note(ours, theirs)
        self.values.add(distance(ours, theirs))

    def result(self) -> Outcome:
        return self.sightings.outcome(self.values.array(), details={})

    def pool(self) -> None:
        return


def _begin(facts: ClipFacts, resources: Resources) -> _Distance:
    return _Distance(resources)


AKD = Metric(
    id="akd",
    label="AKD",
    version=1,
    direction="lower",
    unit="px",
    definition=(
        "mean Euclidean distance of 68 landmarks between prediction and reference, in pixels of a frame whose shorter "
        f"side has 256; landmarks: {landmarks.NAME}, the points nearest to iBUG's 68; {face_metric.RULE}"
    ),
    source="after Siarohin et al., First Order Motion Model, NeurIPS 2019, by another landmark model",
    begin=_begin,
    bounds=(0.0, float("inf")),
    ideal=0.0,
    weights=face_metric.WEIGHTS,
    digits=2,
)
