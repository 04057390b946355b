"""A whole run: plan in, run folder out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bench.results.run_folder import RUN
from bench.run import run_manifest
from bench.run.clip_task import ClipTask
from bench.run.columns import metrics_of
from bench.run.engines import choice
from bench.run.engines.choice import Cluster
from bench.run.engines.engine import Description
from bench.run.engines.uninterrupted import uninterrupted
from bench.run.failure_policy import GO_ON, FailurePolicy
from bench.run.identity import Keyed, identity
from bench.run.plan import Plan
from bench.run.progress import RunProgress
from bench.run.run_protocol import protocol_of
from bench.run.run_store import Finished, begin, go_on
from bench.run.shards.shard import Shard
from bench.suites.digests import clip_digests
from bench.suites.suite import Suite


def run(
    suite: Suite,
    plan: Plan,
    *,
    jobs: int | None = None,
    cluster: Cluster | None = None,
    policy: FailurePolicy = GO_ON,
    command: Sequence[str] = (),
    console: Console,
    at_end: Callable[[Path], object] = lambda folder: None,
    resume: bool = False,
    retry_failed: bool = False,
    shard: Shard | None = None,
) -> Finished:
    """Run every clip of the suite and fill the run folder.

    Each clip's result is on disk as soon as the clip ends; a run that is interrupted, or stopped by `policy`, keeps the
    clips that had ended, and `run.json` says that it is not complete; what is to be tried again is tried when all
    others have ended, and of each clip only what failed. `at_end` is given the folder once its numbers are
    written, also where the run was interrupted. `resume` goes on with the run that the folder holds, and does what is
    not done; with `retry_failed`, also what has failed. `shard` runs a part of the suite (bench/run/shards/merge.py).

    Raises:
        BenchError: the model cannot be loaded, the folder cannot be written, or its run is another than this one.
    """
    began = time.monotonic()
    metrics = metrics_of(suite, plan)
    whole, suite = suite, suite if shard is None else shard.of(suite, plan)
    digests = clip_digests(suite.clips)
    protocol = protocol_of(whole, plan, metrics, plan.resources(), clip_set=digests.whole)
    engine = choice.begin(plan, jobs=jobs, cluster=cluster)
    console.print(_said(plan.model.name, engine.description))
    if engine.where:
        console.print(Text(engine.where, style="dim"))
    part = shard.record(whole, digests) if shard is not None else None
    manifest = run_manifest.begun(
        suite, plan, protocol, metrics, description=engine.description, command=command, shard=part
    )
    keyed = Keyed.of(plan, protocol, identity(plan, engine.description), digests.clips)
    if resume and (plan.out / RUN).exists():
        store = go_on(suite, keyed, manifest, metrics, retry_failed=retry_failed)
    else:
        store = begin(suite, keyed, manifest, metrics)
    for note in store.notes:
        console.print(Text(note, style="yellow"))
    ended: set[int] = set()
    passes = 0
    tasks: Mapping[int, ClipTask] = store.tasks if policy.begin(store.faulty) == "go on" else {}
    try:
        with RunProgress(len(store.tasks), console=console) as progress:
            while tasks:
                again: list[int] = []
                with contextlib.closing(engine.run(tasks, progress.frames)) as results:
                    for place, result in results:
                        decision = policy.after(result)
                        is_last = decision != "try again"
                        store.keep(place, result, seconds=time.monotonic() - began, is_last=is_last)
                        passes += 1
                        if is_last:
                            ended.add(place)
                            progress.clip(result.record.id, failed=result.record.reason)
                        else:
                            again.append(place)
                            progress.again(result.record.attempts[-1].reason if result.record.attempts else "")
                        if decision == "stop":
                            again = []
                            break
                tasks = {place: store.again(place) for place in again}
    finally:
        with uninterrupted():
            seconds = time.monotonic() - began
            for reason in store.lose():
                console.print(Text(reason, style="red"))
            complete = ended == store.tasks.keys()
            finished = store.finish(seconds=seconds, passes=passes, complete=complete, at_end=at_end)
    return finished


def _said(model: str, description: Description) -> Text:
    """What is benchmarked, in one line."""
    parts = [f"{name} {value}" for name, value in description.items()]
    return Text(": ".join(filter(None, [f"model {model}", ", ".join(parts)])), style="dim")
