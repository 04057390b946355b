"""The choice of the engine: the one place that knows them all."""

from __future__ import annotations

from bench.run.engines.engine import Engine
from bench.run.engines.one_process import OneProcess
from bench.run.engines.processes import Processes
from bench.run.plan import Plan


def begin(plan: Plan, *, jobs: int) -> Engine:
    """Load what the plan names where its clips will run: here, or in `jobs` processes.

    Also one job has a process of its own where the plan wants it, and where a time-out may have to end it.

    Raises:
        BenchError: it cannot be loaded.
    """
    here = jobs == 1 and not plan.apart and plan.timeout is None
    return OneProcess.begin(plan) if here else Processes.begin(plan, jobs=jobs)
