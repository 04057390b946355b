"""The engine that runs clips in this process, one after another."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from bench.run.clip_task import ClipTask
from bench.run.engines.engine import Description, Ended
from bench.run.engines.worker import Worker
from bench.run.plan import Plan

_AT_THE_END = ("pyarrow.parquet", "pandas")


@dataclass(frozen=True, slots=True, eq=False)
class OneProcess:
    """This process."""

    worker: Worker
    description: Description

    @classmethod
    def begin(cls, plan: Plan) -> Self:
        """Load what the plan names.

        Raises:
            BenchError: it cannot be loaded.
        """
        worker = Worker.of(plan)
        return cls(worker, worker.origin.describe())

    def run(self, tasks: Mapping[int, ClipTask], on_frames: Callable[[int], None]) -> Ended:
        """Run clips in their order; see `Engine`."""
        # What only a clip's end needs is imported beside the networks of the first, once they are at work.
        importing = threading.Thread(target=lambda: list(map(importlib.import_module, _AT_THE_END)), daemon=True)

        def frames(count: int) -> None:
            if importing.ident is None:
                importing.start()
            on_frames(count)

        for place, task in tasks.items():
            yield place, self.worker.run(task, frames)
