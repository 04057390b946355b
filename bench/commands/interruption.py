"""Ctrl-C and SIGTERM: both end a command, once."""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time
from collections.abc import Iterator
from typing import Final

_LULL: Final = 5.0
"""Seconds after an interruption in which another one is taken for the same."""


class Terminated(KeyboardInterrupt):
    """SIGTERM, of a scheduler or a container: the command ends as with Ctrl-C."""


@contextlib.contextmanager
def interrupted_once(*, is_all: bool) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the command, once: what had ended is being kept then, and not to be disturbed.

    With `is_all` the command is all that the process does: an interrupted one takes no notice until it is gone.
    Code that swallowed it is interrupted again after a while. Handlers that somebody else has installed stay theirs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL))
    before = {number: handler for number, handler in ours if signal.getsignal(number) is handler}
    told = -math.inf

    def end(number: int, frame: object) -> None:
        nonlocal told
        if time.monotonic() - told > _LULL:
            told = time.monotonic()
            raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        if not (is_all and told > -math.inf):
            for number, handler in before.items():
                signal.signal(number, handler)
