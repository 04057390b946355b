"""Float32 on a GPU as the protocol says it, not the ten-bit mantissa of TF32, which cuDNN takes by default."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_turn = threading.Condition()
_inside: dict[int, int] = {}  # thread → how deep it is inside
_tf32 = False  # what those inside compute with
_before = (False, False)


@contextmanager
def float32(device: torch.device, *, tf32: bool = False) -> Iterator[None]:
    """Compute convolutions and products of float32 on a CUDA `device` in float32, or in TF32 where that is asked for.

    The switch is the whole process's, so threads that want it otherwise wait until it is free; a thread that is inside
    already keeps what it has. On other devices there is nothing to switch.
    """
    if device.type != "cuda":
        yield
        return
    _enter(tf32)
    try:
        yield
    finally:
        _leave()


def _enter(tf32: bool) -> None:
    global _tf32, _before
    me = threading.get_ident()
    with _turn:
        if me not in _inside:
            _turn.wait_for(lambda: not _inside or _tf32 == tf32)
        if not _inside:
            _before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
            _tf32 = torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = tf32
        _inside[me] = _inside.get(me, 0) + 1


def _leave() -> None:
    me = threading.get_ident()
    with _turn:
        _inside[me] -= 1
        if not _inside[me]:
            del _inside[me]
        if not _inside:
            torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = _before
            _turn.notify_all()
