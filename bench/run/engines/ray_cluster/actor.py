"""A worker on a machine of the cluster: the model and the metrics, loaded once, in a process of their own."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import platform
import shutil
import socket
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench import __version__
from bench.errors import BenchError
from bench.outcome import Outcome
from bench.results.clip_result import ClipResult
from bench.run.clip_task import ClipTask
from bench.run.engines.engine import Description
from bench.run.engines.one_process import exits_raised
from bench.run.engines.orphans import end_descendants
from bench.run.engines.ray_cluster.inputs import Bytes, Input, moved, write
from bench.run.engines.worker import Worker
from bench.run.plan import Plan

PACKAGES: Final = ("torch", "numpy", "av")
"""What must be of one version on all machines, or last digits would depend on where a clip ran."""


_end_process: Final = os._exit  # as it is while no model is at work


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker is: the id of its machine, its process as HOST:PID, and the folder of all its files."""

    machine: str
    worker: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Begun:
    """A worker is ready: what is benchmarked, the machine's versions, and the weights that its metrics will use."""

    description: Description
    versions: Mapping[str, str]
    weights: Mapping[str, str]
    """Name of the weights → sha256."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A worker cannot be made ready; one sentence says why."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Lacks:
    """Inputs that the machine does not see; with them, the call is to be made again."""

    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """What a clip gave, and the files that it left for the run folder, by their paths inside that."""

    result: ClipResult
    files: Mapping[str, bytes]


def versions() -> dict[str, str]:
    """Of Python, of this benchmark, and of the packages that numbers depend on, on this machine."""
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), "talking-head-benchmark": __version__, **found}


class ClipActor:
    """What runs in an actor's process. Its methods are called one at a time, but for `end`."""

    def __init__(self, plan: Plan, threads: int, log_level: int) -> None:
        import torch

        logging.basicConfig(level=log_level, format="%(levelname)s %(name)s: %(message)s")
        torch.set_num_threads(threads)
        self._plan = plan
        self._folder = Path(tempfile.mkdtemp(prefix="talking-head-"))
        (self._folder / "tmp").mkdir()
        tempfile.tempdir = str(self._folder / "tmp")
        self._worker: Worker | None = None

    def where(self) -> Place:
        """Where this worker is."""
        import ray

        machine = str(ray.get_runtime_context().get_node_id())
        return Place(machine, f"{socket.gethostname()}:{os.getpid()}", self._folder)

    def sweep(self, folders: Sequence[Path]) -> None:
        """Remove what workers of this machine have left that were killed."""
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)

    def begin(self, inputs: Sequence[Input], *shipped: Bytes) -> Begun | Refused | Lacks:
        """Load what the plan names. `inputs`: its files of weights, the last of which have been `shipped`."""
        if lacking := self._lacking(inputs, shipped):
            return Lacks(lacking)
        places = {
            path: write(content, self._folder / "weights" / str(number) / path.name)
            for number, (path, content) in enumerate(_contents(inputs, shipped).items())
        }
        plan = _at(self._plan, places, self._folder / "out")
        try:
            with exits_raised():
                self._worker = Worker.of(plan)
            weights = digests(plan)
        except BenchError as error:
            return Refused(str(error))
        return Begun(self._worker.origin.describe(), versions(), weights)

    def run(self, task: ClipTask, inputs: Sequence[Input], *shipped: Bytes) -> Ended | Lacks:
        """Do what is left of one clip. `inputs`: its files, the last of which have been `shipped`."""
        assert self._worker is not None
        if lacking := self._lacking(inputs, shipped):
            return Lacks(lacking)
        worker = self._worker
        folder, out = self._folder / "clip", worker.plan.out
        try:
            mine = moved(task, worker.plan, inputs, _contents(inputs, shipped), folder)
            if mine.plan is not worker.plan:
                origin = mine.plan.origin() if mine.plan.model != worker.plan.model else worker.origin
                worker = replace(worker, plan=mine.plan, origin=origin)
            with exits_raised():
                result = renamed(worker.run(mine.task), mine.names)
            self._worker.plan = replace(self._worker.plan, batch=worker.plan.batch)  # as memory allows
            files = [file for file in sorted(out.rglob("*")) if file.is_file()]
            return Ended(result, {file.relative_to(out).as_posix(): file.read_bytes() for file in files})
        finally:
            for used in (folder, out):
                shutil.rmtree(used, ignore_errors=True)

    def end(self) -> None:
        """End this process at once, with all that it has started and every file that it has left."""
        end_descendants()
        shutil.rmtree(self._folder, ignore_errors=True)
        _end_process(0)

    @staticmethod
    def _lacking(inputs: Sequence[Input], shipped: Sequence[Bytes]) -> tuple[Input, ...]:
        return tuple(each for each in inputs[: len(inputs) - len(shipped)] if not each.is_here())


def _contents(inputs: Sequence[Input], shipped: Sequence[Bytes]) -> dict[Path, Bytes]:
    """What was shipped of inputs, the last of them, by its path."""
    last = inputs[len(inputs) - len(shipped) :]
    return {each.path: content for each, content in zip(last, shipped, strict=True)}


def digests(plan: Plan) -> dict[str, str]:
    """sha256 of the weights that the plan's metrics will use on this machine; nothing is fetched."""
    from bench.errors import WeightsError
    from bench.outcome import Skip
    from bench.weights.state_dicts import weights_digest
    from metrics import registry

    found = {}
    resources = replace(plan, download=False).resources()
    for name in sorted({name for metric in plan.metrics for name in registry.get(metric).weights}):
        try:
            found[name] = weights_digest(name, resources)
        except (Skip, WeightsError):
            continue
    return found


def renamed(result: ClipResult, names: Mapping[str, str]) -> ClipResult:
    """The same result, where all that is told of shipped files speaks of the files that they were."""
    if not names:
        return result

    def told(text: str) -> str:
        for place, path in names.items():
            text = text.replace(place, path)
        return text

    record = result.record.model_copy(
        update={
            "path": told(result.record.path),
            "reason": told(result.record.reason),
            "warnings": tuple(map(told, result.record.warnings)),
        }
    )

    def outcome(of: Outcome) -> Outcome:
        return replace(of, reason=told(of.reason)) if of.reason else of

    outcomes = {row: {name: outcome(of) for name, of in each.items()} for row, each in result.outcomes.items()}
    return replace(result, record=record, outcomes=outcomes)


def _at(plan: Plan, places: Mapping[Path, Path], out: Path) -> Plan:
    """The plan on a machine where shipped weights lie at other places; nothing is fetched there."""
    checkpoint = plan.model.checkpoint
    if checkpoint is not None:
        checkpoint = places.get(checkpoint.absolute(), checkpoint)
    return replace(
        plan,
        out=out,
        model=replace(plan.model, checkpoint=checkpoint),
        weights={name: places.get(path.absolute(), path) for name, path in plan.weights.items()},
        download=False,
    )
