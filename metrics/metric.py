"""What a metric is: a frozen description, and a function that begins its work on one clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import Tensor

from bench.audio import Audio
from bench.compute.frame_values import FrameValues
from bench.compute.scored_frames import ScoredFrames
from bench.outcome import Outcome, Pool, Skip
from bench.rows import ORIGINAL, Row
from bench.weights.resources import Resources

Direction = Literal["higher", "lower", "none"]
Need = Literal["reference", "driving", "audio", "source"]


@dataclass(frozen=True, slots=True, eq=False)
class ClipFacts:
    """What a metric may know of a clip before its first frame.

    `fps` is the nominal rate (the frames carry their own times), `audio` is None where there is no sound, with the
    reason in `without_sound`; `own_sound` reads it once more at its track's own rate where `audio` is not at that
    (None: it is), `sound_of` is the row whose prediction it comes with (None: it is the clip's),
    `source` is the (3, H, W) uint8 frame that the model was given, `row` what is scored: a setting's
    prediction, or the reference or source itself. `first` is the index of the clip's frame that the row begins with,
    which `audio` begins with, too: of those before it there is no prediction.
    `shared` is where metrics keep what they compute once for the clip, or together for one of its rows (face tracks,
    lip embeddings), under keys of their own; all rows that begin with one frame have the same one.
    """

    id: str
    fps: float = 25.0
    audio: Audio | None = None
    source: Tensor | None = None
    without_sound: str = "the clip has no sound"
    sound_of: Row | None = None
    row: Row = ORIGINAL
    first: int = 0
    own_sound: Callable[[], Audio | None] = lambda: None
    shared: dict[str, Any] = field(default_factory=dict, repr=False)


class Accumulator(Protocol):
    """A metric at work on one clip under one setting."""

    def update(self, pred: ScoredFrames, ref: ScoredFrames) -> None:
        """Take in the next frames of both sides, equally many. `pred is ref` for the ground-truth row."""

    def result(self) -> Outcome:
        """The clip's outcome, after the last frame."""

    def pool(self) -> Pool | None:
        """What the clip adds to the suite-wide value, a `Metric.pool`."""


@dataclass(frozen=True, slots=True)
class Metric:
    """Description of a metric.

    `definition` says in one line what exactly is computed and goes into the protocol with `id` and `version`.
    `version` goes up with every change to its values; what is kept of them between runs is known by it too.
    `scale` is display only: stored values are multiplied by it in tables (L1 is stored 0–1 and shown 0–255).
    `needs` names what the clip must have: `reference` for frames to compare with, which are no truth for a turned head
    or another person; `driving` for the driving video's motion, from which the metric makes the target that the setting
    asks for; `audio`; `source`. `weights` the registered weights it loads; `per_frame` whether it has a value
    for every frame; `against` which video the reference frames come from; `embedded` whether a small network that ships
    with the suite stands in for an official one. `begin` starts it on a clip and may raise `Skip`
    where the metric does not apply. Metrics of one `lane` work one after another, lanes side by side: a lane of
    its own is for metrics that share no intermediate work with those of another lane, as a network's have. `pool` is
    what the suite-wide value is made from, None where that is the mean over clips.
    """

    id: str
    label: str
    version: int
    direction: Direction
    unit: str
    definition: str
    source: str
    begin: Callable[[ClipFacts, Resources], Accumulator]
    bounds: tuple[float, float] = (float("-inf"), float("inf"))
    ideal: float | None = None
    needs: frozenset[Need] = frozenset({"reference"})
    weights: tuple[str, ...] = ()
    per_frame: bool = True
    scale: float = 1.0
    digits: int = 3
    against: Literal["driving", "true-view"] = "driving"
    embedded: bool = False
    lane: str = ""
    pool: type[Pool] | None = None


PerFrame = Callable[[ScoredFrames, ScoredFrames], Tensor]


@dataclass(slots=True)
class FrameMean:
    """Accumulator of a per-frame metric: keeps one float64 a frame; the clip's value is their mean.

    A `Skip` that `compute` raises (frames too small for its window) makes the clip's outcome skipped.
    """

    compute: PerFrame
    key: str = ""
    """Names the metric, its version and its weights, for values that are kept between runs; "" keeps none."""
    values: FrameValues[np.float64] = field(default_factory=FrameValues)
    skip: Skip | None = None

    def update(self, pred: ScoredFrames, ref: ScoredFrames) -> None:
        """Score the next frames."""
        if self.skip is None:
            try:
                self.values.add(pred.value(ref, self.key, self.compute).to("cpu", torch.float64).numpy())
            except Skip as skip:
                self.skip = skip

    def result(self) -> Outcome:
        """Mean over the clip's frames."""
        if self.skip is not None:
            return Outcome.skipped(str(self.skip))
        return Outcome.of_frames(self.values.array())

    def pool(self) -> None:
        """Suite values of per-frame metrics are means, not pools."""
        return


def frame_mean(compute: PerFrame) -> Callable[[ClipFacts, Resources], FrameMean]:
    """`begin` of a metric that is a function `compute(pred, ref) -> (T,)` of each frame alone."""
    return lambda facts, resources: FrameMean(compute)
