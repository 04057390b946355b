"""The choice of the engine: the one place that knows them all."""

from __future__ import annotations

from dataclasses import dataclass

from bench.run.engines import gpus
from bench.run.engines.engine import Engine
from bench.run.engines.one_process import OneProcess
from bench.run.engines.processes import Processes
from bench.run.plan import Plan


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Ray cluster: the running one at HOST:PORT (or `auto`), or, without an address, one that is started here."""

    address: str | None = None


def begin(plan: Plan, *, jobs: int | None, cluster: Cluster | None = None) -> Engine:
    """Load what the plan names where its clips will run: here, in `jobs` processes, or on a cluster.

    Without `jobs`, clips run here one after another, or side by side on all GPUs that the plan's device stands for, and
    on a cluster on all of its machines.

    Also one job has a process of its own where the plan wants it, and where a time-out may have to end it.

    Raises:
        BenchError: it cannot be loaded.
    """
    if cluster is not None:
        from bench.run.engines.ray_cluster.engine import RayCluster

        return RayCluster.begin(plan, jobs=jobs, address=cluster.address)
    jobs = jobs or gpus.count(plan.device)
    here = jobs == 1 and not plan.apart and plan.timeout is None
    return OneProcess.begin(plan) if here else Processes.begin(plan, jobs=jobs)
