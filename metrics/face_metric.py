"""What the metrics of faces share: landmarks measured once a frame, and one rule for frames without a face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.compute.frame_values import FrameValues
from bench.compute.scored_frames import ScoredFrames
from bench.faces import landmarks
from bench.outcome import Outcome, Skip
from bench.weights.loaded import stored_key
from bench.weights.resources import Resources

Floats = NDArray[np.float64]

RULE: Final = "frames without a face on either side are left out; failed where the prediction loses more than half"
VERSION: Final = 1  # of the landmarks; a change to their values makes stored ones worthless
WEIGHTS: Final = ("yunet", "face_mesh")
"""What the landmarks are measured with."""
LOST: Final = 0.5
"""Share of the reference's faces beyond which a prediction without them has failed."""


def points(frames: ScoredFrames, resources: Resources) -> Floats:
    """(T, 468, 3) landmarks of `bench.faces.landmarks`; NaN for frames without a face."""
    key = stored_key(f"face-mesh-{VERSION}", WEIGHTS, resources)
    measured = frames.per_frame(key, landmarks.load(resources), keep=True)
    return measured.cpu().double().numpy()


def sixty_eight(frames: ScoredFrames, resources: Resources) -> Floats:
    """(T, 68, 2) landmarks, in pixels of a frame whose shorter side has 256."""
    scale = 256.0 / min(frames.pixels.shape[-2:])
    return points(frames, resources)[:, list(landmarks.SIXTY_EIGHT), :2] * scale


def _seen() -> FrameValues[np.bool_]:
    return FrameValues(np.bool_)


@dataclass(slots=True)
class Sightings:
    """Which frames show a face, and what that makes of a metric's values."""

    in_prediction: FrameValues[np.bool_] = field(default_factory=_seen)
    in_reference: FrameValues[np.bool_] = field(default_factory=_seen)

    def note(self, pred: Floats, ref: Floats | None) -> None:
        """Take in the next frames' landmarks, (T, …) each, NaN where there is no face.

        `ref` is None where there is no reference: then every frame is to show a face.
        """
        self.in_prediction.add(np.isfinite(pred[:, 0, 0]))
        self.in_reference.add(np.isfinite(ref[:, 0, 0]) if ref is not None else np.ones(len(pred), np.bool_))

    def outcome(
        self, values: Floats, *, details: Mapping[str, float], curves: Mapping[str, Floats] | None = None
    ) -> Outcome:
        """The mean of values (T,) over the frames that have one; NaN marks those that have none.

        Raises:
            Skip: the reference shows no face, or no frame has a value.
        """
        if not self.in_reference:
            return Outcome.failed("no frames to score")
        prediction, reference = self.in_prediction.array(), self.in_reference.array()
        expected = int(reference.sum())
        if expected == 0:
            raise Skip(f"no face is found in the reference's {len(reference)} frames")
        lost = int((reference & ~prediction).sum())
        if lost > LOST * expected:
            return Outcome.failed(f"the prediction shows no face in {lost} of the {expected} frames that should")
        known = np.isfinite(values)
        if not known.any():
            raise Skip("faces are found in too few consecutive frames")
        return Outcome(
            "value",
            value=float(values[known].mean()),
            n=int(known.sum()),
            per_frame=values,
            details={"faces_lost": float(lost), **details},
            curves=curves,
        )


def mean(values: Floats) -> float:
    """The mean of what is a number in `values`; NaN of nothing."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
