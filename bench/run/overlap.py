"""Stages that overlap: a producer that runs ahead in a thread, and a consumer that works behind in another."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import TracebackType
from typing import Generic, Self, TypeVar, cast

T = TypeVar("T")

_END = object()


class Clock:
    """Busy seconds of one stage, of all its threads together."""

    __slots__ = ("_lock", "seconds")

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        with self._lock:
            self.seconds -= time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.seconds += time.perf_counter()


class Ahead(Generic[T]):
    """Iterates `source` in a thread of its own, at most `depth` items ahead.

    What the source raises is raised to whoever iterates. Leaving the context stops the thread, wherever it is.
    """

    def __init__(self, source: Iterable[T], *, depth: int = 2, clock: Clock | None = None) -> None:
        self._source = source
        self._queue: queue.Queue[object] = queue.Queue(depth)
        self._stopped = threading.Event()
        self._clock = clock if clock is not None else Clock()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        while self._thread.is_alive():
            _drain(self._queue)
            self._thread.join(0.01)

    def __iter__(self) -> Iterator[T]:
        while (item := self._queue.get()) is not _END:
            yield item  # type: ignore[misc]
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            iterator = iter(self._source)
            while not self._stopped.is_set():
                with self._clock:
                    item = next(iterator, _END)
                if item is _END:
                    break
                self._queue.put(item)
        except BaseException as error:
            self._error = error
        self._queue.put(_END)


class Behind(Generic[T]):
    """Does `work` on items in a thread of its own, at most `depth` items behind, in order.

    What `work` raises is raised by the next `put`, or at the end of the context; later items are dropped.
    `begin` is called first, in that thread.
    """

    def __init__(
        self,
        work: Callable[[T], None],
        *,
        depth: int = 2,
        clock: Clock | None = None,
        begin: Callable[[], None] = lambda: None,
    ) -> None:
        self._work = work
        self._begin = begin
        self._queue: queue.Queue[object] = queue.Queue(depth)
        self._clock = clock if clock is not None else Clock()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.put(_END)
        self._thread.join()
        if self._error is not None and error is None:
            raise self._error

    def put(self, item: T) -> None:
        """Hand over an item; waits while the worker is `depth` items behind."""
        if self._error is not None:
            raise self._error
        self._queue.put(item)

    def _run(self) -> None:
        self._guarded(self._begin)
        while (item := self._queue.get()) is not _END:
            if self._error is None:
                self._guarded(partial(self._work, cast(T, item)))

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            with self._clock:
                work()
        except BaseException as error:
            self._error = error


def _drain(items: queue.Queue[object]) -> None:
    try:
        while True:
            items.get_nowait()
    except queue.Empty:
        return
