"""Work that is not left half done: what had ended is being kept, and what was at work is being ended."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Take no notice of Ctrl-C and SIGTERM meanwhile, also where they come again; threads are never told of them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda number, frame: None) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:  # not of Python's making, and not to be had back
                signal.signal(number, handler)
