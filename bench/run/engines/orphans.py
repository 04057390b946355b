"""Processes that do not outlive the process that started them: workers, and what models start."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from bench.run.engines.uninterrupted import uninterrupted

GRACE: Final = 2.5
"""Seconds that a process has between being asked to end and being killed."""

_PROC: Final = Path("/proc")
_SET_CHILD_SUBREAPER: Final = 36
"""Of prctl(2): what was started by a process that has ended becomes a child of this one, and can still be found."""


def end_with_parent() -> None:
    """Let this process end when its parent does, however that ended: kill -9 leaves no workers behind."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        end_descendants()
        os._exit(1)

    threading.Thread(target=wait, name="end with parent", daemon=True).start()


def end_descendants() -> None:
    """Kill all that this process and those that come from it have started."""
    _kill(set())


def end_now(pool: ProcessPoolExecutor) -> list[BaseProcess]:
    """End the pool's processes at once: nobody waits for what they are at, which may take hours.

    A process that has not ended within `GRACE` seconds is killed.
    """
    processes: list[BaseProcess] = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()

    def kill() -> None:
        last = time.monotonic() + GRACE
        for process in processes:
            process.join(max(0.0, last - time.monotonic()))
        for process in processes:
            process.kill()

    threading.Thread(target=kill, name="kill", daemon=True).start()
    return processes


def exit_code(process: BaseProcess, seconds: float) -> int | None:
    """The exit code of a process, negative where it was killed; None if it has not ended after this time.

    Several threads may wait for one process. The operating system tells its end to one of them, and the others know
    nothing until that one has written it down: so `join` may return with a process that seems to be alive.
    """
    last = time.monotonic() + seconds
    while (code := process.exitcode) is None and (left := last - time.monotonic()) > 0:
        process.join(min(left, 0.05))
        time.sleep(0.001)
    return code


@contextlib.contextmanager
def no_process_left() -> Iterator[None]:
    """Kill at the end what was started meanwhile by this process and by all that it started.

    Where there is no /proc, as on other systems than Linux, nothing is killed.
    """
    before = _descendants()
    if _PROC.is_dir():
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        with uninterrupted():
            last = time.monotonic() + GRACE
            for worker in multiprocessing.active_children():  # one that was asked to end is clearing up behind it
                worker.join(max(0.0, last - time.monotonic()))
            _kill(before)


def _kill(spared: set[int]) -> None:
    """Kill all that comes from this process; what a killed one had started comes to this one, so more than once."""
    for _ in range(5):
        found = {number for number in _descendants() - spared if not _tracks_resources(number)}
        if not found:
            return
        for number in found:
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGKILL)
        time.sleep(0.01)


def _descendants() -> set[int]:
    """All living processes that come from this one."""
    children: dict[int, list[int]] = {}
    for folder in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            state, parent = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[:2]
            if state not in "ZX":
                children.setdefault(int(parent), []).append(int(folder.name))
    found: set[int] = set()
    ahead = [os.getpid()]
    while ahead:
        new = set(children.get(ahead.pop(), ())) - found
        found |= new
        ahead += new
    return found


def _tracks_resources(number: int) -> bool:
    """Whether a process is the one of `multiprocessing` that clears up behind all others, and ends by itself."""
    try:
        return b"resource_tracker" in (_PROC / str(number) / "cmdline").read_bytes()
    except OSError:
        return False
