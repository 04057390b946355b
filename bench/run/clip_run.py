"""One clip from its file to its outcomes, in one pass: decode, model, scoring and encoding overlap."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from bench.clips import Clip
from bench.compute.cores import one_core
from bench.compute.frame_values import FrameValues
from bench.compute.transient import remedy, transient
from bench.errors import BenchError, MediaError, Transient
from bench.frames import Frames
from bench.media.image import blank, read_source, tone_mapped_source, transparency
from bench.outcome import Outcome, Pool
from bench.results.clip_result import ClipResult, transient_in
from bench.results.manifest import ClipRecord
from bench.results.protocol import joined
from bench.rows import GROUND_TRUTH, STATIC, Row
from bench.run.clip_facts import FactsOfRows
from bench.run.clip_reader import another_pass, clip_reader, intact
from bench.run.clip_task import ClipTask
from bench.run.kept_videos import SIDE_BY_SIDE, ClipVideos
from bench.run.overlap import Ahead, Behind, Clock
from bench.run.plan import Plan
from bench.settings import Setting
from bench.weights.resources import Resources
from metrics.metric import Metric
from metrics.scorer.clip_scorer import ClipScorer
from metrics.scorer.feature_cache import FeatureCache, StoredFeatures
from model.colour_watch import ColourWatch, look, told
from model.interface import Driving, SettingReport
from model.origin import Origin, PredictionStream

log = logging.getLogger(__name__)

T = TypeVar("T")

_OTHER_LENGTH = "it has another length than the clip"


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """A stretch of the clip on its way through scoring and encoding."""

    reference: Frames
    predictions: Mapping[Row, Frames]
    views: Mapping[Row, Frames]


def run_clip(
    task: ClipTask,
    plan: Plan,
    *,
    origin: Origin,
    metrics: Sequence[Metric],
    resources: Resources,
    on_frames: Callable[[int], None] = lambda count: None,
) -> ClipResult:
    """Reconstruct and score what is left of one clip. Never raises for what is wrong with it: that becomes outcomes."""
    began, clip = time.perf_counter(), task.clip
    clocks = {stage: Clock() for stage in ("decode", "model", "score", "encode")}
    try:
        result = _Run(task, plan, origin, metrics, resources, on_frames, clocks).result()
    except BenchError as error:
        result = failed(task, str(error), error.transient)
    except Exception as error:
        log.exception("clip %s failed", clip.id)
        reason = f"clip '{clip.id}' failed with {type(error).__name__}: {error}{remedy(error)}"
        result = failed(task, reason, transient(error))
    seconds = {stage: round(clock.seconds, 6) for stage, clock in clocks.items()}
    seconds["total"] = round(time.perf_counter() - began, 6)
    record = result.record.model_copy(update={"seconds": seconds})
    return replace(result, record=record)


def failed(task: ClipTask, reason: str, transient: Transient | None = None) -> ClipResult:
    """The result of a pass that came to nothing; `transient` says whether it may succeed the next time."""
    outcome, clip = Outcome.failed(reason, transient), task.clip
    record = ClipRecord(
        id=clip.id, path=str(clip.path), status="failed", reason=reason, person=clip.person, transient=transient
    )
    return ClipResult(record, {row: dict.fromkeys(metrics, outcome) for row, metrics in task.units.items()})


def _by_name(found: Mapping[Row, dict[str, T]]) -> dict[str, dict[str, T]]:
    """The same by the names that files have for rows."""
    return {row.name: by_metric for row, by_metric in found.items()}


@dataclass(slots=True)
class _Run:
    task: ClipTask
    plan: Plan
    origin: Origin
    metrics: Sequence[Metric]
    resources: Resources
    on_frames: Callable[[int], None]
    clocks: Mapping[str, Clock]
    times: FrameValues[np.float64] = field(default_factory=FrameValues)
    views: dict[Row, Iterator[Frames]] = field(default_factory=dict)
    lost_views: dict[Row, str] = field(default_factory=dict)
    """Row → why its true view cannot be compared with."""
    source: Tensor | None = None
    told: list[str] = field(default_factory=list)
    """What a user should know of the source and of the sound."""
    tone_mapped: list[str] = field(default_factory=list)
    stored: Mapping[Row, StoredFeatures] = field(default_factory=dict)
    predictions: PredictionStream | None = None
    colours: Mapping[Row, ColourWatch] = field(default_factory=dict)
    scorer: ClipScorer | None = None

    @property
    def clip(self) -> Clip:
        return self.task.clip

    @property
    def rows(self) -> list[Row]:
        """The rows that are scored now."""
        return [row for row in self.plan.rows if row.name in self.task.units]

    @property
    def predicted(self) -> tuple[Setting, ...]:
        """The settings that the model works under now: those that are scored, and those that a video shows."""
        if self.plan.model.predictions is not None:  # which files are meant depends on all
            return self.plan.settings
        beside = self.plan.side_by_side and SIDE_BY_SIDE not in self.task.kept
        return tuple(setting for setting in self.plan.settings if beside or str(setting) in self.task.units)

    def result(self) -> ClipResult:
        clip = self.clip
        try:
            with ExitStack() as stack:
                reader = stack.enter_context(clip_reader(clip, self.plan, clip.path))
                self.views = self._open_views(stack)
                ahead = stack.enter_context(Ahead(reader, clock=self.clocks["decode"]))
                videos = stack.enter_context(ClipVideos(clip, self.plan, reader.info, self.task.kept))
                encoding = stack.enter_context(Behind(self._encode(videos), clock=self.clocks["encode"]))
                lanes = self._begin_lanes(stack)
                for reference in ahead:
                    batch = self._predict(reference, fps=reader.info.fps)
                    for stage in (*lanes, encoding):
                        stage.put(batch)
                    self.on_frames(len(reference))
                self._check_views_ended()
        finally:
            self._store()
            reports = self.predictions.close() if self.predictions is not None else {}
        if self.scorer is None:
            raise BenchError(f"clip '{clip.id}': '{clip.path.name}' has no frames to score")
        outcomes, pools = self._outcomes(self.scorer, reports)
        self._store()  # once more: metrics that look ahead end their work with their outcome
        times = self.times.array()
        record = ClipRecord(
            id=clip.id,
            path=str(clip.path),
            status="done",
            person=clip.person,
            frames=len(times),
            fps=reader.info.fps,
            warnings=(*reader.warnings, *self.told, *told(self.colours, reports), *videos.warnings),
            squeeze=reader.squeeze,
            transient=transient_in(_by_name(outcomes)),
            damaged=bool(reader.faults),
            tone_mapped=joined((reader.tone_mapped, *self.tone_mapped)),
            carrier=joined(reports[row].carrier for row in self.rows if row.setting is not None and row in reports),
            videos=videos.written,
            late={row.name: facts.first for row, facts in self.scorer.rows.items() if facts.first},
        )
        measured = {row.name: report.per_frame for row, report in reports.items() if row in self.rows}
        return ClipResult(record, _by_name(outcomes), times, measured, _by_name(pools))

    def _outcomes(
        self, scorer: ClipScorer, reports: Mapping[Row, SettingReport]
    ) -> tuple[dict[Row, dict[str, Outcome]], dict[Row, dict[str, Pool]]]:
        for row, report in reports.items():
            if report.error is not None and row in self.rows:
                scorer.fail(row, report.error, transient=report.transient)
        for row, reason in self.lost_views.items():
            scorer.fail(row, reason, only_true_view=True)
        with self.clocks["score"]:
            pools = scorer.pools()
            return scorer.results(), pools

    def _store(self) -> None:
        for stored in self.stored.values():
            stored.close()

    @property
    def _view_files(self) -> dict[Row, Path]:
        """Row → the video of the clip's true view under it."""
        return {Row.of(setting): path for setting, path in self.clip.views.items()}

    def _open_views(self, stack: ExitStack) -> dict[Row, Iterator[Frames]]:
        views: dict[Row, Iterator[Frames]] = {}
        for row, path in self._view_files.items():
            if row in self.rows:
                try:
                    reader = stack.enter_context(clip_reader(self.clip, self.plan, path))
                except MediaError as error:
                    self._lose_view(row, str(error))
                else:
                    self.tone_mapped.append(reader.tone_mapped)
                    views[row] = iter(stack.enter_context(Ahead(intact(reader))))
        return views

    def _check_views_ended(self) -> None:
        for row in list(self.views):
            if self._next_view(row) is not None:
                self._lose_view(row, _OTHER_LENGTH)

    def _next_view(self, row: Row) -> Frames | None:
        try:
            return next(self.views[row], None)
        except MediaError as error:
            self._lose_view(row, str(error))
            return None

    def _lose_view(self, row: Row, why: str) -> None:
        """Compare no further with a row's true view; the first reason is kept."""
        self.views.pop(row, None)
        about = f"clip '{self.clip.id}': its true view under {row}, '{self._view_files[row]}', cannot be compared with"
        self.lost_views.setdefault(row, f"{about}: {why}")

    def _predict(self, reference: Frames, *, fps: float) -> _Batch:
        pixels = reference.pixels.to(self.resources.device)
        if self.predictions is None:
            self._begin(pixels[0], fps)
        first = len(self.times)
        reference = Frames(pixels, reference.times, first)
        assert self.predictions is not None
        assert self.source is not None
        self.times.add(reference.times)
        with self.clocks["model"]:
            predictions = dict(self.predictions.step(reference))
        look(self.colours, predictions, reference, source=None if self.clip.source is None else self.source)
        predictions[GROUND_TRUTH] = reference
        if STATIC in self.rows:
            source = self.source
            still = source.expand(len(pixels), *source.shape)
            predictions[STATIC] = Frames(still, reference.times, first)
        return _Batch(reference, predictions, self._next_views(len(pixels)))

    def _begin(self, source: Tensor, fps: float) -> None:
        clip, plan = self.clip, self.plan
        if plan.feature_cache is not None:
            prepared = (clip.path.resolve(), clip.start, clip.end, clip.crop, plan.size)
            cache = FeatureCache(plan.feature_cache)
            # Rows that no model has a part in are the same in every run.
            self.stored = {row: cache.clip(repr((*prepared, row.name))) for row in (GROUND_TRUTH, STATIC)}
        if clip.source is not None:
            self.told += transparency(clip.source)
            self.tone_mapped.append(tone_mapped_source(clip.source, rules=plan.pictures))
            source = read_source(clip.source, size=plan.size, rules=plan.pictures).to(source.device)
        self.source = source.clone()
        self.told += blank(self.source, own=clip.source is None)
        reopen = partial(another_pass, clip, plan, self.resources.device)
        driving = Driving(clip.id, self.source, fps, path=clip.path, reopen=reopen, rules=plan.pictures)
        with self.clocks["model"]:
            self.predictions = self.origin.begin(driving, self.predicted)
        played = {row: file for row, file in self.predictions.played().items() if row in self.rows}
        self.colours = {row: ColourWatch() for row in self.rows if row.setting is not None}
        known = FactsOfRows(clip, plan, self.source, fps, heard=any("audio" in metric.needs for metric in self.metrics))
        facts = known.rows(self.rows, played)
        self.told += known.told
        self.scorer = ClipScorer(
            self.metrics,
            facts,
            self.resources,
            views=[row for row in self._view_files if row in facts],
            cross_identity=clip.source is not None,
            stored=self.stored,
            wanted={row: self.task.units[row.name] for row in self.rows},
        )

    def _next_views(self, count: int) -> dict[Row, Frames]:
        found: dict[Row, Frames] = {}
        for row in list(self.views):
            frames = self._next_view(row)
            if frames is not None and len(frames) < count:
                frames = self._next_view(row)  # none comes, but why it ends early
            if frames is None or len(frames) != count:
                self._lose_view(row, _OTHER_LENGTH)
            else:
                found[row] = frames.to(self.resources.device)
        return found

    def _begin_lanes(self, stack: ExitStack) -> list[Behind[_Batch]]:
        """Score in a thread for every lane: one network alone leaves cores idle.

        An accelerator takes its work in turn, and one core has no other to idle. Where there are no more cores than
        lanes, each lane keeps to one, as waiting for a core that another lane is using would cost both.
        """
        cores = torch.get_num_threads()
        lanes: list[str | None] = [None]
        if self.resources.device.type == "cpu" and cores > 1:
            wanted = {metric for metrics in self.task.units.values() for metric in metrics}
            lanes = list(dict.fromkeys(metric.lane for metric in self.metrics if metric.id in wanted))
        keep: Callable[[], None] = one_core if 1 < cores <= len(lanes) else (lambda: None)
        return [
            stack.enter_context(
                Behind(partial(self._score, lane=lane), depth=1, clock=self.clocks["score"], begin=keep)
            )
            for lane in lanes
        ]

    def _score(self, batch: _Batch, *, lane: str | None) -> None:
        assert self.scorer is not None
        with torch.inference_mode():
            self.scorer.update(batch.reference, batch.predictions, batch.views, lane=lane)

    def _encode(self, videos: ClipVideos) -> Callable[[_Batch], None]:
        def encode(batch: _Batch) -> None:
            videos.write(batch.reference, batch.predictions)

        return encode
