"""What a process needs to run clips: the model and the metrics of a plan, loaded once."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from bench.results.clip_result import ClipResult
from bench.results.manifest import Attempt
from bench.run.clip_run import failed, run_clip
from bench.run.clip_task import ClipTask
from bench.run.engines.attempts import after, attempt
from bench.run.plan import Plan
from bench.weights.resources import Resources
from metrics import registry
from metrics.metric import Metric
from model.origin import Origin
from model.raised import raised

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Worker:
    """What is benchmarked, with its metrics, ready for clip after clip.

    Where memory runs out, the plan's batch is halved and stays so.
    """

    plan: Plan
    origin: Origin
    metrics: tuple[Metric, ...]
    resources: Resources

    @classmethod
    def of(cls, plan: Plan) -> Worker:
        """Load what the plan names."""
        metrics = tuple(registry.get(name) for name in plan.metrics)
        return cls(plan, plan.origin(), metrics, plan.resources())

    def run(self, task: ClipTask, on_frames: Callable[[int], None] = lambda count: None) -> ClipResult:
        """Do what is left of one clip; where memory runs out, once more with half the frames at a time."""
        earlier: list[Attempt] = []
        count = _Count(on_frames)
        while True:
            began, batch = time.perf_counter(), self.plan.batch
            result = self._run(task, count.begin())
            earlier.append(attempt(result, seconds=time.perf_counter() - began, batch=batch))
            if result.record.transient != "out of memory" or batch == 1:
                return after(result, earlier)
            self.plan = replace(self.plan, batch=batch // 2)
            log.warning("clip %s: out of memory, going on with %d frames at a time", task.clip.id, batch // 2)
            del result
            gc.collect()  # what was computed of it may lie in circles
            if self.resources.device.type == "cuda":
                torch.cuda.empty_cache()

    def _run(self, task: ClipTask, on_frames: Callable[[int], None]) -> ClipResult:
        """One try; what would end the process (`sys.exit`) ends the clip only."""
        try:
            return run_clip(
                task, self.plan, origin=self.origin, metrics=self.metrics, resources=self.resources, on_frames=on_frames
            )
        except SystemExit as error:
            return failed(task, f"clip '{task.clip.id}' failed with {raised(error)}")


@dataclass(slots=True)
class _Count:
    """Tells of a clip's frames once, however often they are tried."""

    tell: Callable[[int], None]
    told: int = 0
    seen: int = 0

    def begin(self) -> Callable[[int], None]:
        """Listens to one more try."""
        self.seen = 0
        return self._see

    def _see(self, count: int) -> None:
        self.seen += count
        if self.seen > self.told:
            self.tell(self.seen - self.told)
            self.told = self.seen
