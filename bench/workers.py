"""Clips through one process or several: every clip ends in a result, also when its process is killed."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from bench.clips import Clip
from bench.generator import Origin
from bench.pipeline import ClipResult, failed, run_clip
from bench.plan import Plan
from metrics import registry as metric_registry
from metrics.metric import Metric, Resources


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
        metrics = tuple(metric_registry.get(name) for name in plan.metrics)
        return cls(plan, plan.origin(), metrics, plan.resources())

    def run(self, clip: Clip, on_frames: Callable[[int], None] = lambda count: None) -> ClipResult:
        """Reconstruct and score one clip."""
        return run_clip(
            clip, self.plan, origin=self.origin, metrics=self.metrics, resources=self.resources, on_frames=on_frames
        )


_worker: Worker | None = None


def _start(plan: Plan, threads: int) -> None:
    global _worker
    import torch

    torch.set_num_threads(threads)
    _worker = Worker.of(plan)


def _run(clip: Clip) -> ClipResult:
    assert _worker is not None
    return _worker.run(clip)


def in_processes(clips: Sequence[Clip], plan: Plan, *, jobs: int) -> Iterator[tuple[int, ClipResult]]:
    """Run clips in `jobs` processes; yields (place in `clips`, result) as they end.

    A process that is killed (out of memory) takes its fellows with it: what had not ended is run again, one clip to a
    process, and the clip that kills its process once more is the one that fails.
    """
    import torch

    threads = max(1, torch.get_num_threads() // jobs)
    waiting = dict(enumerate(clips))
    for index, result in _pass(waiting, plan, jobs, threads):
        del waiting[index]
        yield index, result
    for index, clip in list(waiting.items()):
        alone = list(_pass({index: clip}, plan, 1, torch.get_num_threads()))
        if alone:
            yield alone[0]
        else:
            reason = (
                f"clip '{clip.id}': its process was killed, most likely for lack of memory: lower --batch or --size"
            )
            yield index, failed(clip, plan, plan.metrics, reason)


def _pass(waiting: dict[int, Clip], plan: Plan, jobs: int, threads: int) -> Iterator[tuple[int, ClipResult]]:
    """One pool over the waiting clips; ends early, and quietly, when a process of it is killed."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(plan, threads)) as pool:
        try:
            futures: dict[Future[ClipResult], int] = {
                pool.submit(_run, clip): index for index, clip in list(waiting.items())
            }
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool:
            return
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
