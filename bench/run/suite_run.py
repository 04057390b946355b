"""A whole run: plan in, run folder out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bench.errors import BenchError
from bench.files.atomic_write import write_text
from bench.outcome import Outcome
from bench.results.clip_parts import Parts
from bench.results.clip_result import ClipResult
from bench.results.manifest import RunManifest
from bench.results.pool_file import Pools
from bench.results.run_folder import PARTS, clear, read_clips
from bench.results.summary import failures, summarise, to_csv
from bench.run import run_manifest
from bench.run.claim import writable
from bench.run.clip_run import failed
from bench.run.columns import metrics_of
from bench.run.engines import choice
from bench.run.engines.engine import Description
from bench.run.failure_policy import GO_ON, FailurePolicy
from bench.run.plan import Plan
from bench.run.progress import RunProgress
from bench.run.run_protocol import carried, protocol_of
from bench.run.suite_pools import SuitePools
from bench.suites.digests import clip_digests
from bench.suites.suite import Suite


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run came to."""

    folder: Path
    manifest: RunManifest
    failures: tuple[str, ...]
    """Ids of the clips that could not be run, or not under some setting."""

    damaged: tuple[str, ...] = ()
    """Ids of the clips that were scored on what could be read of a damaged file."""


def run(
    suite: Suite,
    plan: Plan,
    *,
    jobs: int = 1,
    policy: FailurePolicy = GO_ON,
    command: Sequence[str] = (),
    console: Console,
    at_end: Callable[[Path], object] = lambda folder: None,
) -> Finished:
    """Run every clip of the suite and fill the run folder.

    Each clip's result is on disk as soon as the clip ends; a run that is interrupted, or stopped by `policy`, keeps the
    clips that had ended, and `run.json` says that it is not complete. `at_end` is given the folder once its numbers are
    written, also where the run was interrupted.

    Raises:
        BenchError: the model cannot be loaded, or the folder cannot be written.
    """
    began = time.monotonic()
    metrics = metrics_of(suite, plan)
    known = clip_digests(suite.clips)
    protocol = protocol_of(suite, plan, metrics, plan.resources(), clip_set=known.whole)
    engine = choice.begin(plan, jobs=jobs)
    progress = RunProgress(len(suite.clips), console=console)
    console.print(_said(plan.model.name, engine.description))
    manifest = run_manifest.begun(suite, plan, protocol, description=engine.description, command=command)
    parts = Parts(plan.out / PARTS)
    with writable(plan.out):
        clear(plan.out)
        write_text(plan.out / "run.json", manifest.model_dump_json(indent=2))
    kinds = {metric.id: metric.pool for metric in metrics if metric.pool is not None}
    lost: dict[int, str] = {}

    def read(place: int) -> Pools:
        try:
            return parts.pools(place, kinds)
        except BenchError as error:
            lost[place] = str(error)
            return {}

    def keep(place: int, ended: ClipResult) -> ClipResult:
        digest = known.clips[clips[place].id]
        result = replace(ended, record=ended.record.model_copy(update={"digest": digest}))
        with writable(plan.out):
            parts.add(place, result, carried(protocol, [result.record]).row_hash)
        return result

    pools = SuitePools(read)
    clips = dict(enumerate(suite.clips))
    left = set(clips)
    try:
        with progress, contextlib.closing(engine.run(clips, progress.frames)) as results:
            for place, ended in results:
                result = keep(place, ended)
                pools.take(place)
                left.remove(place)
                progress.clip(result.record.id, failed=result.record.reason)
                if policy.after(result) == "stop":
                    break
    finally:
        seconds = time.monotonic() - began
        kept = sorted(clips.keys() - left)
        pooled = pools.outcomes()
        lost |= parts.lost(kept)
        if lost:  # without them, and each is told as failed
            pools = SuitePools(read)
            for place in kept:
                if place not in lost:
                    pools.take(place)
            pooled = pools.outcomes()
            for place, why in lost.items():
                reason = f"clip '{clips[place].id}': {why}"
                keep(place, failed(clips[place], plan, plan.metrics, reason))
                console.print(Text(reason, style="red"))
        finished = _finish(plan.out, manifest, parts, pooled, seconds=seconds, complete=not left, at_end=at_end)
    return finished


def _said(model: str, description: Description) -> Text:
    """What is benchmarked, in one line."""
    parts = [f"{name} {value}" for name, value in description.items()]
    return Text(": ".join(filter(None, [f"model {model}", ", ".join(parts)])), style="dim")


def _finish(
    out: Path,
    manifest: RunManifest,
    parts: Parts,
    pooled: Mapping[str, Mapping[str, Outcome]],
    *,
    seconds: float,
    complete: bool,
    at_end: Callable[[Path], object],
) -> Finished:
    with writable(out):
        records = parts.join(out)
        clips = read_clips(out)
        persons = {record.id: record.person for record in records}
        summary = summarise(clips, persons=persons, pooled=pooled, seed=manifest.protocol.seed)
        manifest = run_manifest.ended(manifest, records, seconds=seconds, complete=complete)
        write_text(out / "summary.csv", to_csv(summary))
        write_text(out / "run.json", manifest.model_dump_json(indent=2))
        at_end(out)
        parts.remove()
    damaged = tuple(record.id for record in records if record.damaged)
    lost = tuple(failures(records, clips, manifest.rows))
    return Finished(out, manifest, lost, damaged)
