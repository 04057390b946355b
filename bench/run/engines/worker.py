"""What a process needs to run clips: the model and the metrics of a plan, loaded once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.results.clip_result import ClipResult
from bench.run.clip_run import failed, run_clip
from bench.run.clip_task import ClipTask
from bench.run.plan import Plan
from bench.weights.resources import Resources
from metrics import registry
from metrics.metric import Metric
from model.origin import Origin
from model.raised import raised


@dataclass(frozen=True, slots=True, eq=False)
class Worker:
    """What is benchmarked, with its metrics, ready for clip after clip."""

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
        """Do what is left of one clip; what would end the process (`sys.exit`) ends the clip only."""
        try:
            return run_clip(
                task, self.plan, origin=self.origin, metrics=self.metrics, resources=self.resources, on_frames=on_frames
            )
        except SystemExit as error:
            return failed(task, f"clip '{task.clip.id}' failed with {raised(error)}")
