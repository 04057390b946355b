"""Scoring of one clip under all its settings and metrics in one pass over its frames."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from bench.compute.float32 import float32
from bench.compute.scored_frames import FeatureStore, ScoredFrames
from bench.compute.transient import remedy, transient
from bench.errors import BenchError, Transient
from bench.frames import Frames
from bench.outcome import Outcome, Pool, Skip
from bench.rows import GROUND_TRUTH, Row
from bench.weights.loaded import stored_key
from bench.weights.resources import Resources
from metrics.metric import Accumulator, ClipFacts, FrameMean, Metric
from metrics.scorer.true_view import true_view

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    """One metric under one row: not begun, at work, or ended early by `outcome`."""

    metric: Metric
    facts: ClipFacts
    begun: bool = False
    accumulator: Accumulator | None = None
    outcome: Outcome | None = None

    def guard(self, work: Callable[[], None]) -> None:
        """Do `work`; what it raises ends this metric here, and no other."""
        try:
            work()
        except Skip as skip:
            self.outcome = Outcome.skipped(str(skip))
        except BenchError as error:
            self.outcome = Outcome.failed(str(error), error.transient)
        except Exception as error:
            log.exception("metric %s failed", self.metric.id)
            reason = f"{self.metric.id} failed with {type(error).__name__}: {error}{remedy(error)}"
            self.outcome = Outcome.failed(reason, transient(error))
        if self.outcome is not None:
            self.accumulator = None


@dataclass(slots=True)
class ClipScorer:
    """Scores the rows of one clip as its frames stream by.

    Frames of the reference are shared between rows, so whatever is derived from them is derived once. No fault of one
    metric touches another.
    """

    metrics: Sequence[Metric]
    rows: Mapping[Row, ClipFacts]
    resources: Resources
    views: Collection[Row] = ()
    """Rows whose true rotated view is known: their reference metrics get a twin against it."""
    cross_identity: bool = False
    """Whether the source is somebody else than the reference: then nothing is compared with the reference."""
    stored: Mapping[Row, FeatureStore] = field(default_factory=dict)
    """Row → where features of its frames are kept between runs; a model's rows have none."""
    wanted: Mapping[Row, Collection[str]] | None = None
    """Row → ids of those metrics that it is scored by; None for all. Frames of rows that are in none are not scored."""
    _running: dict[Row, list[_Running]] = field(init=False)

    def __post_init__(self) -> None:
        shared: dict[int, dict[str, Any]] = {facts.first: {} for facts in self.rows.values()}
        self._running = {
            row: [_Running(metric, replace(facts, shared=shared[facts.first])) for metric in self._metrics_of(row)]
            for row, facts in self.rows.items()
        }

    def _metrics_of(self, row: Row) -> list[Metric]:
        mine = [metric for metric in self.metrics if self.wanted is None or metric.id in self.wanted[row]]
        twins = [true_view(metric) for metric in mine if "reference" in metric.needs]
        return [*mine, *(twins if row in self.views else ())]

    def _begin(self, lane: str | None = None) -> None:
        """Load what metrics need: here and not before, so that lanes do it side by side."""
        with float32(self.resources.device):
            for entries in self._running.values():
                for running in entries:
                    if not running.begun and lane in (None, running.metric.lane):
                        self._begin_one(running)

    def _begin_one(self, running: _Running) -> None:
        metric, facts = running.metric, running.facts

        def begin() -> None:
            if self.cross_identity and "reference" in metric.needs:
                raise Skip("the source is another person: there is no reference to compare with")
            if "audio" in metric.needs and facts.audio is None:
                raise Skip(facts.without_sound)
            if "source" in metric.needs and facts.source is None:
                raise Skip("no source frame is known")
            accumulator = metric.begin(facts, self.resources)
            if isinstance(accumulator, FrameMean) and ":" not in metric.id:  # another library's have no version of ours
                accumulator.key = stored_key(f"{metric.id}-{metric.version}", metric.weights, self.resources)
            running.accumulator = accumulator

        running.begun = True
        running.guard(begin)

    def update(
        self,
        ref: Frames,
        preds: Mapping[Row, Frames],
        views: Mapping[Row, Frames] | None = None,
        *,
        lane: str | None = None,
    ) -> None:
        """Take in the next frames: the reference's, every row's prediction, and the true views where there are some.

        With `lane`, only by its metrics: lanes may be given the same frames from threads of their own. What is derived
        from frames is shared within a lane and goes at the end, a row's when the row is done.
        """
        self._begin(lane)
        with float32(self.resources.device):
            self._update(ref, preds, views or {}, lane)

    def _update(self, ref: Frames, preds: Mapping[Row, Frames], views: Mapping[Row, Frames], lane: str | None) -> None:
        reference = ScoredFrames(ref, self.stored.get(GROUND_TRUTH))
        for row, frames in preds.items():
            if row not in self._running:
                continue
            pred = reference if frames is ref else ScoredFrames(frames, self.stored.get(row))
            view = ScoredFrames(views[row]) if row in views else None
            for running in self._running[row]:
                if lane is not None and running.metric.lane != lane:
                    continue
                target = view if running.metric.against == "true-view" else reference
                if self.cross_identity and "driving" not in running.metric.needs:
                    target = pred
                if running.accumulator is not None and target is not None:
                    # A prediction that begins late or ends early is compared with the frames that both have.
                    late = max(frames.first - ref.first, 0)
                    running.guard(partial(running.accumulator.update, pred, target.part(late, len(pred))))

    def fail(self, row: Row, reason: str, *, transient: Transient | None = None, only_true_view: bool = False) -> None:
        """End a row, or its comparisons with the true view: whatever has no outcome yet has failed for `reason`."""
        self._begin()
        for running in self._running[row]:
            if running.outcome is None and (running.metric.against == "true-view" or not only_true_view):
                running.outcome = Outcome.failed(reason, transient)
                running.accumulator = None

    def results(self) -> dict[Row, dict[str, Outcome]]:
        """Row → metric id → outcome, after the last frame."""
        self._begin()
        with float32(self.resources.device):
            return {
                row: {running.metric.id: self._end(running) for running in entries}
                for row, entries in self._running.items()
            }

    def pools(self) -> dict[Row, dict[str, Pool]]:
        """Row → metric id → what the suite-wide value is made from, where there is such a value."""
        found: dict[Row, dict[str, Pool]] = {}
        for row, entries in self._running.items():
            for running in entries:
                pool = running.accumulator.pool() if running.accumulator is not None else None
                if pool is not None:
                    found.setdefault(row, {})[running.metric.id] = pool
        return found

    @staticmethod
    def _end(running: _Running) -> Outcome:
        if running.outcome is None:
            accumulator = running.accumulator
            assert accumulator is not None
            ended: list[Outcome] = []
            running.guard(lambda: ended.append(accumulator.result()))
            return running.outcome if running.outcome is not None else ended[0]
        return running.outcome
