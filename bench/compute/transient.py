"""Errors that tell what a machine lacked for a while: memory, or space on its disk."""

from __future__ import annotations

import errno
from typing import Final

from bench.errors import BenchError, Transient

_REMEDIES: Final[dict[Transient | None, str]] = {
    "out of memory": ": free memory, lower --size, or use another --device",
    "no space": ": free some space",
}


def transient(error: BaseException) -> Transient | None:
    """Whether what raised this may succeed when it is tried again; None for a fault that will come again."""
    if isinstance(error, BenchError):
        return error.transient
    if out_of_memory(error):
        return "out of memory"
    return "no space" if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT) else None


def remedy(error: BaseException) -> str:
    """What to do about what may pass, as the end of a sentence; empty for any other fault."""
    return _REMEDIES.get(transient(error), "")


def out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out. CUDA has a class for it; the CPU and MPS allocators say it in words."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    words = " ".join(word for word in error.args if isinstance(word, str)).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in words or "can't allocate memory" in words)
