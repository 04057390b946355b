"""Clips through one process or several: every clip ends in a result, also when its process is killed."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from bench.clips import Clip
from bench.errors import BenchError
from bench.results.clip_result import ClipResult
from bench.run.clip_run import failed, run_clip
from bench.run.engines.orphans import end_now, end_with_parent
from bench.run.plan import Plan
from bench.weights.resources import Resources
from metrics import registry as metric_registry
from metrics.metric import Metric
from model.origin import Origin

Description = Mapping[str, str | float | bool]


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


_worker: Worker | Exception | None = None


def _start(plan: Plan, threads: int) -> None:
    global _worker
    import torch

    end_with_parent()
    torch.set_num_threads(threads)
    try:
        _worker = Worker.of(plan)
    except Exception as error:  # raised where the parent can see it: what an initializer raises is lost
        _worker = error


def _ready() -> Worker:
    if isinstance(_worker, Exception):
        raise _worker
    assert _worker is not None
    return _worker


def _run(clip: Clip) -> ClipResult:
    """One clip; SIGTERM ends it as Ctrl-C does, so that its model command and its folders go with it."""

    def terminate(number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        return _ready().run(clip)
    finally:
        signal.signal(signal.SIGTERM, before)


def _describe() -> Description:
    return _ready().origin.describe()


def in_processes(
    clips: Sequence[Clip], plan: Plan, *, jobs: int
) -> tuple[Description, Iterator[tuple[int, ClipResult]]]:
    """Run clips in `jobs` processes: what is benchmarked, and (place in `clips`, result) as they end.

    A process that is killed (out of memory) takes its fellows with it: what had not ended is run again, one clip to a
    process, and the clip that kills its process once more is the one that fails.

    Raises:
        BenchError: what the plan names cannot be loaded.
    """
    import torch

    pool = _pool(plan, jobs, max(1, torch.get_num_threads() // jobs))
    try:
        description = pool.submit(_describe).result()
    except BrokenProcessPool:
        raise BenchError(
            "the model's process was killed while it was loaded, most likely for lack of memory: try fewer --jobs"
        ) from None
    except BaseException:
        end_now(pool)
        raise
    return description, _results(pool, clips, plan)


def _results(pool: ProcessPoolExecutor, clips: Sequence[Clip], plan: Plan) -> Iterator[tuple[int, ClipResult]]:
    import torch

    waiting = dict(enumerate(clips))
    for index, result in _pass(pool, waiting):
        del waiting[index]
        yield index, result
    for index, clip in list(waiting.items()):
        alone = list(_pass(_pool(plan, 1, torch.get_num_threads()), {index: clip}))
        if alone:
            yield alone[0]
        else:
            reason = (
                f"clip '{clip.id}': its process was killed, most likely for lack of memory: lower --batch or --size"
            )
            yield index, failed(clip, plan, plan.metrics, reason)


def _pool(plan: Plan, jobs: int, threads: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(plan, threads))


def _pass(pool: ProcessPoolExecutor, waiting: dict[int, Clip]) -> Iterator[tuple[int, ClipResult]]:
    """The waiting clips through one pool; ends early, and quietly, when a process of it is killed."""
    with pool:
        try:
            futures: dict[Future[ClipResult], int] = {
                pool.submit(_run, clip): index for index, clip in list(waiting.items())
            }
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool:
            return
        except BaseException:
            end_now(pool)
            raise
