"""The engine that runs clips in this process, one after another."""

from __future__ import annotations

import contextlib
import importlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn, Self

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
    where: str = ""

    @classmethod
    def begin(cls, plan: Plan) -> Self:
        """Load what the plan names.

        Raises:
            BenchError: it cannot be loaded.
        """
        with exits_raised():
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
            with exits_raised():
                result = self.worker.run(task, frames)
            yield place, result


@contextlib.contextmanager
def exits_raised() -> Iterator[None]:
    """Let `os._exit` raise `SystemExit` in this process: a model that calls it ends its clip, not the run as if done.

    Only Python's own is caught. What a library written in C does ends the process.
    """
    process, end = os.getpid(), os._exit

    def leave(status: int) -> NoReturn:
        if os.getpid() != process:  # a fork, which ends that way
            end(status)
        raise SystemExit(f"os._exit({status})")

    os._exit = leave
    try:
        yield
    finally:
        os._exit = end
