"""The engine that runs clips on a Ray cluster, each on whichever machine is free."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from bench.run.clip_task import ClipTask
from bench.run.engines.engine import Description, Ended
from bench.run.engines.ray_cluster.connection import Connection, machines
from bench.run.engines.ray_cluster.inputs import Input
from bench.run.engines.ray_cluster.round import Round
from bench.run.engines.ray_cluster.seats import Seats
from bench.run.engines.ray_cluster.shares import share
from bench.run.plan import Plan


@dataclass(slots=True, eq=False)
class RayCluster:
    """Workers on the machines of a Ray cluster, a process each, and this process, which alone writes the run.

    A clip whose machine is lost runs again on another one. A clip that kills its worker waits until all others have
    ended and is then run again, alone on a machine; if it kills its worker once more, it has failed. A worker that is
    gone is replaced as soon as the cluster has a place for another.
    """

    plan: Plan
    jobs: int | None
    address: str | None
    where: str = ""
    description: Description = field(default_factory=dict)
    killers: set[int] = field(default_factory=set)
    """Places of clips that have killed a worker: they are not tried beside others any more."""
    connection: Connection | None = None
    seats: Seats | None = None

    @classmethod
    def begin(cls, plan: Plan, *, jobs: int | None, address: str | None) -> Self:
        """Connect to the cluster at `address`, or start Ray here, and load what the plan names in its workers.

        Raises:
            BenchError: there is no Ray or no cluster, it is too small, or what the plan names cannot be loaded.
        """
        engine = cls(plan, jobs, address)
        try:
            seats = engine._seats(jobs)
            ready = next(iter(Round(plan, seats, {}).begun()))
            engine.description = ready.description
        except BaseException:
            engine.close()
            raise
        return engine

    def run(self, tasks: Mapping[int, ClipTask], on_frames: Callable[[int], None]) -> Ended:
        """Run clips as workers are free, the longest first; see `Engine`."""
        if not tasks:
            self.close()
            return
        try:
            seats = self.seats or self._seats(self.jobs)
            with closing(Round(self.plan, seats, tasks, killers=self.killers).results()) as ended:
                for place, result in ended:
                    on_frames(result.record.frames)
                    yield place, result
        finally:
            self.close()

    def close(self) -> None:
        """End all workers at once, and leave the cluster."""
        seats, connection, self.seats, self.connection = self.seats, self.connection, None, None
        if seats is not None:
            seats.end()
        if connection is not None:
            connection.close()

    def _seats(self, jobs: int | None) -> Seats:
        """Connect, and ask for workers."""
        self.connection = Connection.to(self.address, self.plan.model)
        found = machines()
        mine = share(found, device=self.plan.device, jobs=jobs)
        self.where = f"{mine.count} workers on {len(found)} machines of {self.connection.said}"
        weights = weights_files(self.plan)
        device = "cuda" if self.plan.device.startswith("cuda") else self.plan.device
        plan = replace(self.plan, weights=weights, device=device)
        checkpoint = self.plan.model.checkpoint
        files = [*weights.values(), *([checkpoint] if checkpoint is not None else [])]
        self.seats = Seats(plan, mine, tuple(each for file in files if (each := Input.of(file)).files))
        self.seats.start(mine.count)
        return self.seats


def weights_files(plan: Plan) -> dict[str, Path]:
    """The files of weights that the plan's metrics use on this machine."""
    from bench.weights.files import locate
    from metrics import registry

    names = sorted({name for metric in plan.metrics for name in registry.get(metric).weights})
    found = {name: plan.weights.get(name) or locate(name, plan.weights_dir) for name in names}
    return {name: path for name, path in found.items() if path is not None}
