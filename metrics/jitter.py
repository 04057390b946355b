"""Jitter: how much more the face trembles than in the reference."""

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


def acceleration(track: Floats) -> Floats:
    """track: (T, N, 2) landmarks in pixels → (T - 2,) mean length of their second difference, NaN where one misses."""
    return np.asarray(np.linalg.norm(np.diff(track, n=2, axis=0), axis=2).mean(1))


@dataclass(slots=True)
class _Track:
    """Second differences of a track that streams by; keeps two frames."""

    tail: Floats = field(default_factory=lambda: np.empty((0, len(landmarks.SIXTY_EIGHT), 2)))
    values: FrameValues[np.float64] = field(default_factory=FrameValues)

    def add(self, points: Floats) -> None:
        track = np.concatenate([self.tail, points])
        if len(track) > 2:
            self.values.add(acceleration(track))
        self.tail = track[-2:]

    def per_frame(self) -> Floats:
        """(T,): each value at its middle frame, NaN at both ends."""
        return np.concatenate([[np.nan], self.values.array(), [np.nan]])


@dataclass(slots=True)
class _Jitter:
    resources: Resources
    sightings: Sightings = field(default_factory=Sightings)
    pred: _Track = field(default_factory=_Track)
    ref: _Track = field(default_factory=_Track)

    def update(self, pred: ScoredFrames, ref: ScoredFrames) -> None:
        ours, theirs = face_metric.sixty_eight(pred, self.resources), face_metric.sixty_eight(ref, self.resources)
        self.sightings.note(ours, theirs)
        self.pred.add(ours)
        self.ref.add(theirs)

    def result(self) -> Outcome:
        ours, theirs = self.pred.per_frame(), self.ref.per_frame()
        details = {"prediction": face_metric.mean(ours), "reference": face_metric.mean(theirs)}
        return self.sightings.outcome(ours - theirs, details=details)

    def pool(self) -> None:
        return


def _begin(facts: ClipFacts, resources: Resources) -> _Jitter:
    return _Jitter(resources)


JITTER = Metric(
    id="jitter",
    label="Jitter",
    version=1,
    direction="none",  # below the ideal, motion is lost: nearness to it is ranked (bench.report.tables.columns)
    unit="px",
    definition=(
        "mean length of the second difference of 68 landmark tracks, prediction minus reference (negative where the "
        "prediction is smoother), in pixels per squared frame, of a frame whose shorter side has 256; "
        f"landmarks: {landmarks.NAME}, the points nearest to iBUG's 68; {face_metric.RULE}"
    ),
    source="this benchmark",
    begin=_begin,
    ideal=0.0,
    weights=face_metric.WEIGHTS,
    digits=3,
)
