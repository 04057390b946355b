"""Identity similarity: does the face still belong to the person in the source picture?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from bench.compute.frame_values import FrameValues
from bench.compute.scored_frames import ScoredFrames
from bench.faces import embedding, landmarks
from bench.outcome import Outcome, Skip
from bench.rows import GROUND_TRUTH
from bench.weights.loaded import stored_key
from bench.weights.resources import Resources
from metrics import face_metric
from metrics.face_metric import Floats, Sightings
from metrics.metric import ClipFacts, Metric

WEIGHTS = (*face_metric.WEIGHTS, "face_identity")
VERSION = 1  # of the embeddings; a change to their values makes stored ones worthless


def cosine(embeddings: Floats, source: Floats) -> Floats:
    """embeddings (T, D), source (D,) → (T,) cosines of the angles between them."""
    lengths = np.linalg.norm(embeddings, axis=1) * np.linalg.norm(source)
    return np.asarray(embeddings @ source / lengths)


def embeddings(frames: ScoredFrames, resources: Resources) -> Floats:
    """(T, 128) embeddings of the frames' faces; NaN for frames without one."""
    embed = embedding.load(resources)

    def compute(pixels: Tensor) -> Tensor:
        # Landmarks are there already for whole runs of frames; a part of one (some frames are known) is measured.
        these = frames if len(pixels) == len(frames) else ScoredFrames.of(pixels)
        return embed(pixels, face_metric.points(these, resources))

    key = stored_key(f"face-identity-{VERSION}", WEIGHTS, resources)
    return frames.per_frame(key, compute, keep=True).double().numpy()


@dataclass(slots=True)
class _Similarity:
    source: Floats
    resources: Resources
    is_truth: bool
    sightings: Sightings = field(default_factory=Sightings)
    values: FrameValues[np.float64] = field(default_factory=FrameValues)

    def update(self, pred: ScoredFrames, ref: ScoredFrames) -> None:
        # Without a reference (another person's motion) the prediction stands in its place.
        alone = pred is ref and not self.is_truth
        self.sightings.note(
            face_metric.points(pred, self.resources), None if alone else face_metric.points(ref, self.resources)
        )
        self.values.add(cosine(embeddings(pred, self.resources), self.source))

    def result(self) -> Outcome:
        return self.sightings.outcome(self.values.array(), details={})

    def pool(self) -> None:
        return


def _begin(facts: ClipFacts, resources: Resources) -> _Similarity:
    assert facts.source is not None
    key = "embedding of the source's face"
    if key not in facts.shared:
        with torch.inference_mode():
            facts.shared[key] = embeddings(ScoredFrames.of(facts.source[None]), resources)[0]
    source: Floats = facts.shared[key]
    if np.isnan(source).any():
        raise Skip("no face is found in the source frame")
    return _Similarity(source, resources, facts.row == GROUND_TRUTH)


CSIM = Metric(
    id="csim",
    label="CSIM",
    version=1,
    direction="higher",
    unit="",
    definition=(
        f"cosine of face embeddings, prediction against source frame; embeddings: {embedding.NAME}, 150 x 150 pixels, "
        "laid upright by a similarity that brings eye centres (0.318, 0.314), (0.669, 0.314) and nose base "
        f"(0.493, 0.585) to their places; landmarks: {landmarks.NAME}; {face_metric.RULE}"
    ),
    source="King 2017 (dlib's face recognition network); measure after Zakharov et al., ICCV 2019, by ArcFace there",
    begin=_begin,
    bounds=(-1.0, 1.0),
    ideal=1.0,
    needs=frozenset({"source"}),
    weights=WEIGHTS,
    digits=3,
)
