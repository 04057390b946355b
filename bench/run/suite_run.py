"""A whole run: plan in, run folder out."""

from __future__ import annotations

import contextlib
import importlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bench.errors import BenchError, WeightsError
from bench.file_names import readable
from bench.files.atomic_write import write_text
from bench.outcome import Outcome, Pool, Skip
from bench.results.clip_parts import Parts
from bench.results.clip_result import ClipResult
from bench.results.environment import environment
from bench.results.manifest import ClipRecord, MetricRecord, ModelRecord, RunManifest, SuiteRecord
from bench.results.protocol import MetricDefinition, Protocol, joined
from bench.results.run_folder import PARTS, clear, read_clips
from bench.results.summary import failures, summarise, to_csv
from bench.run.engines.processes import Description, Worker, in_processes
from bench.run.plan import Plan
from bench.run.progress import RunProgress
from bench.suites.digests import clip_digests
from bench.suites.suite import Suite
from bench.weights.resources import Resources
from bench.weights.state_dicts import weights_digest
from metrics import registry
from metrics.metric import Metric
from metrics.scorer.true_view import true_view

log = logging.getLogger(__name__)

_AT_THE_END = ("pyarrow.parquet", "pandas")


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run came to."""

    folder: Path
    manifest: RunManifest
    failures: tuple[str, ...]
    """Ids of the clips that could not be run, or not under some setting."""

    damaged: tuple[str, ...] = ()
    """Ids of the clips that were scored on what could be read of a damaged file."""


@dataclass(slots=True)
class _SuitePools:
    """Suite-wide values as they grow. Clips are merged in the suite's order, whichever ends first."""

    merged: dict[str, dict[str, Pool]] = field(default_factory=dict)
    early: dict[int, Mapping[str, Mapping[str, Pool]]] = field(default_factory=dict)
    following: int = 0

    def take(self, index: int, result: ClipResult) -> None:
        self.early[index] = result.pools
        while self.following in self.early:
            self._merge(self.early.pop(self.following))
            self.following += 1

    def outcomes(self) -> dict[str, dict[str, Outcome]]:
        for index in sorted(self.early):  # an interrupted run has gaps
            self._merge(self.early.pop(index))
        return {
            row: {metric: pool.outcome() for metric, pool in by_metric.items()}
            for row, by_metric in self.merged.items()
        }

    def _merge(self, pools: Mapping[str, Mapping[str, Pool]]) -> None:
        for row, by_metric in pools.items():
            mine = self.merged.setdefault(row, {})
            for metric, pool in by_metric.items():
                if metric in mine:
                    mine[metric].merge(pool)
                else:
                    mine[metric] = pool


def protocol_of(
    suite: Suite, plan: Plan, metrics: Sequence[Metric], resources: Resources, *, clip_set: str
) -> Protocol:
    """The protocol that a plan follows over a set of clips, given by its digest.

    Weights that are not here are fetched now, so that their digests are known before the first number.
    """
    prepared = suite.prepared
    listed = any(clip.crop is not None for clip in suite.clips)
    return Protocol(
        suite=suite.id,
        suite_version=suite.version,
        clip_set=clip_set,
        source="given" if any(clip.source is not None for clip in suite.clips) else "own",
        height=plan.size[0],
        width=plan.size[1],
        crop="listed" if listed else prepared.crop_rule if prepared is not None else "none",
        prepared=prepared.summary if prepared is not None else "as found",
        frame_rate=prepared.frame_rate if prepared is not None else "native",
        preset=plan.preset.name,
        aggregation=plan.preset.aggregation,
        keypoint_motion=str(plan.model.options.get("motion", "absolute")),
        adapt_scale=bool(plan.model.options.get("adapt_scale", False)),
        best_frame=str(plan.model.options.get("best_frame", "first")),
        alignment=plan.alignment,
        metrics=tuple(
            MetricDefinition(
                id=metric.id,
                version=metric.version,
                definition=metric.definition,
                weights=_digests(metric.weights, resources),
            )
            for metric in metrics
        ),
    )


def carried(protocol: Protocol, clips: Sequence[ClipRecord]) -> Protocol:
    """The protocol with what the predictions of these clips travelled in, which only reading them tells."""
    return protocol.model_copy(update={"carrier": joined(clip.carrier for clip in clips) or "uint8"})


def _digests(names: Sequence[str], resources: Resources) -> dict[str, str]:
    """sha256 of the weights that are there; a metric that lacks some is skipped clip by clip, with the reason."""
    found = {}
    for name in names:
        with contextlib.suppress(Skip, WeightsError):
            found[name] = weights_digest(name, resources)
    return found


def with_twins(metrics: Sequence[Metric], suite: Suite, plan: Plan) -> list[Metric]:
    """The metrics of a run, and their twins against true rotated views if any clip has one for a chosen setting."""
    viewed = any(row in plan.rows for clip in suite.clips for row in clip.views)
    twins = [true_view(metric) for metric in metrics if "reference" in metric.needs] if viewed else []
    return [*metrics, *twins]


def columns(suite: Suite, plan: Plan) -> tuple[MetricRecord, ...]:
    """The columns that a run will have."""
    metrics = with_twins([registry.get(name) for name in plan.metrics], suite, plan)
    return tuple(_record(metric) for metric in metrics)


def run(
    suite: Suite,
    plan: Plan,
    *,
    jobs: int = 1,
    command: Sequence[str] = (),
    console: Console,
    at_end: Callable[[Path], object] = lambda folder: None,
) -> Finished:
    """Run every clip of the suite and fill the run folder.

    Each clip's result is on disk as soon as the clip ends; an interrupted run keeps the clips that had ended, and
    `run.json` says that it is not complete. `at_end` is given the folder once its numbers are written, also where the
    run was interrupted.

    Raises:
        BenchError: the model cannot be loaded, or the folder cannot be written.
    """
    began = time.monotonic()
    metrics = with_twins([registry.get(name) for name in plan.metrics], suite, plan)
    known = clip_digests(suite.clips)
    protocol = protocol_of(suite, plan, metrics, plan.resources(), clip_set=known.whole)
    if jobs == 1:
        worker = Worker.of(plan)
        progress = RunProgress(len(suite.clips), console=console)
        description, results = worker.origin.describe(), _in_process(suite, worker, progress)
    else:
        description, results = in_processes(suite.clips, plan, jobs=jobs)
        progress = RunProgress(len(suite.clips), console=console)
    console.print(_said(plan.model.name, description))
    manifest = _manifest(suite, plan, protocol, metrics, description, command)
    parts = Parts(plan.out / PARTS)
    with _writable(plan.out):
        clear(plan.out)
        write_text(plan.out / "run.json", manifest.model_dump_json(indent=2))
    pools = _SuitePools()
    complete = False
    try:
        with progress:
            for index, ended in results:
                digest = known.clips[suite.clips[index].id]
                result = replace(ended, record=ended.record.model_copy(update={"digest": digest}))
                parts.add(index, result, carried(protocol, [result.record]).row_hash)
                pools.take(index, result)
                if jobs > 1:
                    progress.frames(result.record.frames)
                progress.clip(result.record.id, failed=result.record.reason)
        complete = True
    finally:
        seconds = time.monotonic() - began
        finished = _finish(plan.out, manifest, parts, pools, seconds=seconds, complete=complete, at_end=at_end)
    return finished


def _said(model: str, description: Description) -> Text:
    """What is benchmarked, in one line."""
    parts = [f"{name} {value}" for name, value in description.items()]
    return Text(": ".join(filter(None, [f"model {model}", ", ".join(parts)])), style="dim")


def _in_process(suite: Suite, worker: Worker, progress: RunProgress) -> Iterator[tuple[int, ClipResult]]:
    # What only a clip's end needs is imported beside the networks of the first, once they are at work.
    importing = threading.Thread(target=lambda: list(map(importlib.import_module, _AT_THE_END)), daemon=True)

    def frames(count: int) -> None:
        if importing.ident is None:
            importing.start()
        progress.frames(count)

    for index, clip in enumerate(suite.clips):
        yield index, worker.run(clip, frames)


def _manifest(
    suite: Suite,
    plan: Plan,
    protocol: Protocol,
    metrics: Sequence[Metric],
    description: Description,
    command: Sequence[str],
) -> RunManifest:
    described = {
        name: readable(value) if isinstance(value, str) else value
        for name, value in {**description, **_strays(suite, plan)}.items()
    }
    return RunManifest(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=tuple(readable(word) for word in command),
        protocol=protocol,
        protocol_hash=protocol.hash,
        suite=SuiteRecord(
            id=suite.id,
            version=suite.version,
            title=readable(suite.title),
            listed=suite.listed,
            present=suite.listed - len(suite.missing),
            selected=len(suite.clips),
            missing=suite.missing,
        ),
        model=ModelRecord(name=readable(plan.model.name), description=described),
        settings=plan.rows,
        metrics=tuple(_record(metric) for metric in metrics),
        environment=environment(plan.device),
    )


def _strays(suite: Suite, plan: Plan) -> dict[str, str]:
    """Finished videos that belong to no clip of the suite; a part of a suite (--limit) cannot tell."""
    predictions = plan.model.predictions
    if predictions is None or len(suite.clips) + len(suite.missing) < suite.listed:
        return {}
    extra = predictions.extra({*(clip.id for clip in suite.clips), *suite.missing}, plan.settings)
    if not extra:
        return {}
    names = ", ".join(path.name for path in extra[:5]) + (", …" if len(extra) > 5 else "")
    return {"files of no clip": f"{len(extra)} ({names})"}


def _record(metric: Metric) -> MetricRecord:
    return MetricRecord(
        id=metric.id,
        label=metric.label,
        version=metric.version,
        direction=metric.direction,
        unit=metric.unit,
        definition=metric.definition,
        source=metric.source,
        ideal=metric.ideal,
        scale=metric.scale,
        digits=metric.digits,
        per_frame=metric.per_frame,
        needs_reference="reference" in metric.needs,
        needs_driving="driving" in metric.needs,
    )


def _finish(
    out: Path,
    manifest: RunManifest,
    parts: Parts,
    pools: _SuitePools,
    *,
    seconds: float,
    complete: bool,
    at_end: Callable[[Path], object],
) -> Finished:
    with _writable(out):
        records = parts.join(out)
        clips = read_clips(out)
        persons = {record.id: record.person for record in records}
        summary = summarise(clips, persons=persons, pooled=pools.outcomes(), seed=manifest.protocol.seed)
        protocol = carried(manifest.protocol, records)
        manifest = manifest.model_copy(
            update={
                "protocol": protocol,
                "protocol_hash": protocol.hash,
                "clips": tuple(records),
                "finished": datetime.now(UTC).isoformat(timespec="seconds"),
                "seconds": round(seconds, 3),
                "complete": complete,
            }
        )
        write_text(out / "summary.csv", to_csv(summary))
        write_text(out / "run.json", manifest.model_dump_json(indent=2))
        at_end(out)
        parts.remove()
    damaged = tuple(record.id for record in records if record.damaged)
    lost = tuple(failures(records, clips, manifest.settings))
    return Finished(out, manifest, lost, damaged)


@contextlib.contextmanager
def _writable(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BenchError(
            f"the run folder '{out}' cannot be written ({error.strerror or error}): "
            "free space there or name another with --out"
        ) from None
