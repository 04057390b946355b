"""How many frames to work on at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from bench.compute import cores

_VALUES: Final = 1 << 18  # a 256×256 RGB frame: its float planes stay in a processor's cache from step to step


def of(pixels: Tensor) -> list[slice]:
    """Runs of frames of pixels (T, …) to work on together: all at once on a GPU, about one picture on a CPU."""
    count = pixels.shape[0]
    size = max(1, count if pixels.is_cuda else _VALUES * count // max(1, pixels.numel()))
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def each(work: Callable[[slice], Tensor], pixels: Tensor) -> Tensor:
    """`work` on every run of frames of pixels (T, …), side by side on this thread's cores, joined again: (T, …)."""
    return torch.cat(cores.side_by_side(work, of(pixels)))


def batches(pixels: Tensor, size: int) -> list[Tensor]:
    """`pixels` (T, …) in runs of nearly equal length, none longer than `size`.

    Equal runs keep a processor better fed than full ones with a short one at the end.
    """
    return list(pixels.tensor_split(max(1, -(-len(pixels) // size))))


def batch_size(device: torch.device, *, cpu: int, other: int) -> int:
    """Frames that go through a network at a time: few on a CPU, whose caches they must fit, many elsewhere."""
    return cpu if device.type == "cpu" else other
