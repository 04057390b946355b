"""The engine that runs clips in several processes: every clip ends in a result, also when its process is killed."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from typing import ParamSpec, Self, TypeVar

from bench.clips import Clip
from bench.errors import BenchError, Transient
from bench.results.clip_result import ClipResult
from bench.results.manifest import Attempt
from bench.run.clip_run import failed
from bench.run.clip_task import ClipTask
from bench.run.engines import gpus
from bench.run.engines.attempts import after, attempt
from bench.run.engines.engine import Description, Ended
from bench.run.engines.orphans import GRACE, end_now, end_with_parent, exit_code
from bench.run.engines.worker import Worker
from bench.run.plan import Plan

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class _Process:
    """A process with a worker in it, one clip at a time; started when it is first needed, and anew if it was killed."""

    plan: Plan
    threads: int
    pool: ProcessPoolExecutor | None = None
    at_work: BaseProcess | None = None
    ended: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def describe(self) -> Future[Description]:
        """Start, and ask what is benchmarked."""
        with self.lock:
            return self._submit(_describe)

    def run(self, task: ClipTask) -> ClipResult:
        """One clip, which has failed where it ends its process or takes too long.

        Raises:
            _Killed: its process was killed, which need not be its own fault.
        """
        began = time.perf_counter()
        try:
            with self.lock:
                ready = self._submit(_check_ready)
            ready.result()
            began = time.perf_counter()  # not before what is benchmarked is loaded
            with self.lock:
                future = self._submit(_run, task)
            wait([future], self.plan.timeout)
            if future.done():
                return future.result()
        except BrokenProcessPool:
            self.pool = None
            if self.ended:
                raise CancelledError from None
            code = self.own_end()
            result = self._failed(task, _killer(task.clip, code), None if code is not None else "killed", began)
            if code is None:
                raise _Killed(result) from None
            return result
        self._replace()
        reason = (
            f"clip '{task.clip.id}': it took more than {self.plan.timeout:g} s and was ended with its process "
            "(--timeout): allow more, or find out what hangs there"
        )
        return self._failed(task, reason, "timed out", began)

    def close(self) -> None:
        """End, once it is idle, and wait for that: its memory is free then."""
        if self.pool is not None:
            self.pool.shutdown()
            self.pool = None

    def end(self) -> None:
        """End at once, and never start again."""
        with self.lock:
            self.ended = True
            if self.pool is not None:
                end_now(self.pool)

    def own_end(self) -> int | None:
        """The exit code of a process that ended itself; None where it was killed."""
        if self.at_work is None:
            return None
        code = exit_code(self.at_work, GRACE)
        return code if code is not None and code >= 0 else None

    def _replace(self) -> None:
        """End the process at once, and wait for that: another will take its place."""
        with self.lock:
            pool, self.pool = self.pool, None
        for process in end_now(pool) if pool is not None else ():
            exit_code(process, 2 * GRACE)

    def _failed(self, task: ClipTask, reason: str, transient: Transient | None, began: float) -> ClipResult:
        result = failed(task, reason, transient)
        process = self.at_work.pid if self.at_work is not None else None
        return after(result, [attempt(result, seconds=time.perf_counter() - began, process=process)])

    def _submit(self, work: Callable[P, T], *words: P.args, **named: P.kwargs) -> Future[T]:
        pool = self._started()
        future = pool.submit(work, *words, **named)
        self.at_work = next(iter((pool._processes or {}).values()), self.at_work)
        return future

    def _started(self) -> ProcessPoolExecutor:
        if self.ended:
            raise CancelledError
        if self.pool is None:
            context = multiprocessing.get_context("spawn")
            self.pool = ProcessPoolExecutor(
                1,
                context,
                _start,
                (self.plan, self.threads, logging.getLogger().getEffectiveLevel(), tempfile.gettempdir()),
            )
        return self.pool


class _Killed(Exception):
    """A process was killed; `result` is what its clip came to by that."""

    def __init__(self, result: ClipResult) -> None:
        super().__init__(result.failure)
        self.result = result


@dataclass(frozen=True, slots=True, eq=False)
class Processes:
    """Several processes of this machine, each with a worker of its own.

    A process that is killed (out of memory) takes its clip with it and no other. The clip waits until all others have
    ended and is then run again, alone on the machine, as in every later try; if it kills its process once more, it has
    failed. What is benchmarked is loaded once a process, and at most twice more for every clip whose process was
    killed: by the process that takes the dead one's place, and by the one in which the clip runs alone.
    """

    plan: Plan
    processes: tuple[_Process, ...]
    description: Description
    where: str = ""
    suspects: set[int] = field(default_factory=set)
    """Places of the clips whose process was killed."""

    @classmethod
    def begin(cls, plan: Plan, *, jobs: int) -> Self:
        """Start `jobs` processes, which load what the plan names, in turn on the GPUs of this machine.

        Raises:
            BenchError: it cannot be loaded.
        """
        import torch

        threads = max(1, torch.get_num_threads() // jobs)
        processes = tuple(_Process(each, threads) for each in gpus.dealt_out(plan, jobs))
        try:
            loading = [process.describe() for process in processes]
            return cls(plan, processes, next(as_completed(loading)).result())
        except BaseException as error:
            for process in processes:
                process.end()
            if isinstance(error, BrokenProcessPool):
                codes = [process.own_end() for process in processes]
                if (code := next((code for code in codes if code is not None), None)) is not None:
                    raise BenchError(
                        f"the model's process ended itself with exit code {code} while it was loaded: "
                        "a model must not end the process"
                    ) from None
                raise BenchError(
                    "the model's process was killed while it was loaded, most likely for lack of memory: "
                    "try fewer --jobs"
                ) from None
            raise

    def run(self, tasks: Mapping[int, ClipTask], on_frames: Callable[[int], None]) -> Ended:
        """Run clips as processes are free, in their order; see `Engine`."""
        earlier: dict[int, tuple[Attempt, ...]] = {}
        beside = {place: task for place, task in tasks.items() if place not in self.suspects}
        with closing(self._side_by_side(beside, earlier)) as ended:
            for place, result in ended:
                on_frames(result.record.frames)
                yield place, result
        self.suspects.update(earlier)
        alone = {place: task for place, task in tasks.items() if place in self.suspects}
        with closing(self._alone(alone)) as ended:
            for place, result in ended:
                on_frames(result.record.frames)
                yield place, after(result, earlier.get(place, ()))

    def _side_by_side(self, tasks: Mapping[int, ClipTask], killed: dict[int, tuple[Attempt, ...]]) -> Ended:
        """All clips through all processes; those whose process was `killed` do not come out, but what they came to."""
        idle: SimpleQueue[_Process] = SimpleQueue()
        for process in self.processes:
            idle.put(process)

        def run(place: int) -> ClipResult | None:
            process = idle.get()
            try:
                return process.run(tasks[place])
            except _Killed as error:
                killed[place] = error.result.record.attempts
                return None
            finally:
                idle.put(process)

        threads = ThreadPoolExecutor(len(self.processes), thread_name_prefix="clip")
        try:
            places = {threads.submit(run, place): place for place in tasks}
            for future in as_completed(places):
                place, result = places.pop(future), future.result()
                if result is not None:
                    yield place, result
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            for process in self.processes:
                process.end()
            raise
        list(threads.map(_Process.close, self.processes))
        threads.shutdown()

    def _alone(self, tasks: Mapping[int, ClipTask]) -> Ended:
        """Clips one after another, with all cores, in a process that serves until one kills it."""
        import torch

        process = _Process(self.plan, torch.get_num_threads())
        try:
            for place, task in tasks.items():
                try:
                    yield place, process.run(task)
                except _Killed as error:
                    yield place, error.result
        except BaseException:
            process.end()
            raise
        process.close()


def _killer(clip: Clip, code: int | None) -> str:
    if code is not None:
        return f"clip '{clip.id}': its process ended itself with exit code {code}: a model must not end the process"
    return f"clip '{clip.id}': its process was killed, most likely for lack of memory: lower --batch or --size"


_worker: Worker | BaseException | None = None


def _start(plan: Plan, threads: int, log_level: int, temporary: str) -> None:
    global _worker
    import torch

    tempfile.tempdir = temporary
    logging.basicConfig(level=log_level, format="%(levelname)s %(name)s: %(message)s")

    end_with_parent()
    # Ctrl-C reaches all of a terminal's processes: the parent ends this one. A handler, as children inherit "ignore".
    signal.signal(signal.SIGINT, lambda number, frame: None)
    torch.set_num_threads(threads)
    gpus.take(plan.device)
    try:
        _worker = Worker.of(plan)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # raised where the parent can see it: what an initializer raises is lost
        _worker = error


def _ready() -> Worker:
    if isinstance(_worker, BaseException):
        raise _worker
    assert _worker is not None
    return _worker


def _run(task: ClipTask) -> ClipResult:
    """One clip; SIGTERM ends it as Ctrl-C does, so that its model command and its folders go with it."""

    def terminate(number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        return _ready().run(task)
    finally:
        signal.signal(signal.SIGTERM, before)


def _check_ready() -> None:
    _ready()


def _describe() -> Description:
    return _ready().origin.describe()
