"""How many frames to work on at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from metrics import threads

_VALUES: Final = 1 << 18  # a 256×256 RGB frame: its float planes stay in a processor's cache from step to step


def of(pixels: Tensor) -> list[slice]:
    """Runs of frames of pixels (T, …) to work on together: all at once on a GPU, about one picture on a CPU."""
    count = pixels.shape[0]
    size = max(1, count if pixels.is_cuda else _VALUES * count // max(1, pixels.numel()))
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def each(work: Callable[[slice], Tensor], pixels: Tensor) -> Tensor:
    """`work` on every run of frames of pixels (T, …), side by side on this thread's cores, joined again: (T, …)."""
    return torch.cat(threads.side_by_side(work, of(pixels)))
