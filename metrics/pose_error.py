"""Pose error: is the head turned as it should be?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bench.compute.frame_values import FrameValues
from bench.compute.scored_frames import ScoredFrames
from bench.faces import head_pose, landmarks
from bench.outcome import Outcome
from bench.settings import Setting
from bench.weights.resources import Resources
from metrics import face_metric
from metrics.face_metric import Floats, Sightings
from metrics.metric import ClipFacts, Metric

_AXES = ("yaw", "pitch", "roll")


def requested(setting: Setting, driven: Floats) -> Floats:
    """driven: (T, 3) yaw, pitch, roll of the driving video in degrees → (T, 3) those that the setting asks for."""
    target = driven.copy()
    for axis, angle in enumerate((setting.yaw, setting.pitch, setting.roll)):
        if angle is not None:
            target[:, axis] = driven[:, axis] + angle if setting.mode == "relative" else angle
    return target


def difference(one: Floats, other: Floats) -> Floats:
    """Angles in degrees → the smaller way from `other` to `one`, in [-180, 180)."""
    return np.asarray((one - other + 180.0) % 360.0 - 180.0)


def _angles() -> FrameValues[np.float64]:
    return FrameValues(shape=(len(_AXES),))


@dataclass(slots=True)
class _PoseError:
    setting: Setting
    resources: Resources
    sightings: Sightings = field(default_factory=Sightings)
    measured: FrameValues[np.float64] = field(default_factory=_angles)
    targets: FrameValues[np.float64] = field(default_factory=_angles)

    def update(self, pred: ScoredFrames, ref: ScoredFrames) -> None:
        ours, theirs = face_metric.points(pred, self.resources), face_metric.points(ref, self.resources)
        self.sightings.note(ours, theirs)
        self.measured.add(pose(pred, self.resources))
        self.targets.add(requested(self.setting, pose(ref, self.resources)))

    def result(self) -> Outcome:
        measured = self.measured.array()
        off = np.abs(difference(measured, self.targets.array()))
        curves = {f"mesh_{axis}": measured[:, i] for i, axis in enumerate(_AXES)}
        details = {f"{axis}_error": face_metric.mean(off[:, i]) for i, axis in enumerate(_AXES)}
        details |= {axis: face_metric.mean(measured[:, i]) for i, axis in enumerate(_AXES)}
        return self.sightings.outcome(off.mean(1), details=details, curves=curves)

    def pool(self) -> None:
        return


def pose(frames: ScoredFrames, resources: Resources) -> Floats:
    """(T, 3) yaw, pitch, roll in degrees; NaN for frames without a face."""
    face = head_pose.canonical(resources)
    return frames.derived(
        "head pose", lambda these: head_pose.angles(head_pose.rotations(face_metric.points(these, resources), face))
    )


def _begin(facts: ClipFacts, resources: Resources) -> _PoseError:
    return _PoseError(facts.row.setting or Setting(), resources)


POSE_ERROR = Metric(
    id="pose_error",
    label="Pose error",
    version=1,
    direction="lower",
    unit="°",
    definition=(
        "mean absolute difference of yaw, pitch and roll, measured in the prediction, from those that the setting asks "
        "for: given angles, or measured alike in the driving video where they stay driven, or their sum (@relative); "
        f"angles: {head_pose.NAME}; landmarks: {landmarks.NAME}; {face_metric.RULE}"
    ),
    source="this benchmark; conventions of the public face-vid2vid code",
    begin=_begin,
    bounds=(0.0, 180.0),
    ideal=0.0,
    needs=frozenset({"driving"}),
    weights=(*face_metric.WEIGHTS, "canonical_face"),
    digits=2,
)
