"""Threads that compute side by side, each on one core.

A network whose layers are split among cores makes them wait for each other at every layer; cores that each take frames
of their own do not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")

_lock = threading.Lock()


def one_core() -> None:
    """Let torch use one core in the calling thread, from now on, and as many as before in all others."""
    with _lock:
        cores = torch.get_num_threads()
        torch.set_num_threads(1)  # in this thread, and in every thread that begins to compute later
        restore = threading.Thread(target=torch.set_num_threads, args=(cores,))  # in that thread, and in those
        restore.start()
        restore.join()


@dataclass(slots=True)
class SideBySide:
    """As many threads as torch may use cores where this is made; they begin with the first work for them."""

    cores: int = field(default_factory=torch.get_num_threads)
    _pool: ThreadPoolExecutor | None = None

    def map(self, work: Callable[[T], R], parts: Sequence[T]) -> list[R]:
        """`work` on every part, without gradients."""
        work = torch.inference_mode()(work)
        if self.cores == 1 or len(parts) == 1:
            return [work(part) for part in parts]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.cores, thread_name_prefix="core", initializer=one_core)
        return list(self._pool.map(work, parts))


_shared: dict[int, SideBySide] = {}


def side_by_side(work: Callable[[T], R], parts: Sequence[T]) -> list[R]:
    """`work` on every part, on as many threads as torch may use cores in the calling thread."""
    cores = torch.get_num_threads()
    return _shared.setdefault(cores, SideBySide(cores)).map(work, parts)
