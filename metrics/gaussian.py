"""Gaussian windows: local weighted means of pictures."""

from __future__ import annotations

from functools import cache, partial
from typing import Final

import numpy as np
import torch
from torch import Tensor

_RUN: Final = 24  # means of one product; shorter runs call more often, longer ones multiply more zeros


@cache
def taps(size: int, sigma: float) -> tuple[float, ...]:
    """The `size` weights (odd) of a Gaussian of width `sigma` in pixels, adding up to one."""
    weights = np.exp(-0.5 * (np.arange(size) - size // 2) ** 2 / sigma**2)
    return tuple((weights / weights.sum()).tolist())


def local_mean(rows: Tensor, weights: tuple[float, ...]) -> Tensor:
    """Means under a separable symmetric window of k taps where it fits.

    Written as products with band matrices, a run of means at a time: most of a band is zeros, and yet a matrix product
    takes a sixth of the time of the sums that it stands for, which wait for memory.

    Args:
        rows: (H, …, W) floating, contiguous: pictures whose rows come first, any number of them side by side.
        weights: the k taps.

    Returns:
        (H - k + 1, …, W - k + 1).
    """
    height, *planes, width = rows.shape
    reach = len(weights) - 1
    band = partial(_band, weights, dtype=rows.dtype, device=rows.device)
    lines = rows.view(height, -1)
    down = lines.new_empty(height - reach, lines.shape[1])
    for start, stop in _runs(height - reach):
        torch.mm(band(stop - start), lines[start : stop + reach], out=down[start:stop])
    lines = down.view(-1, width)
    across = lines.new_empty(len(lines), width - reach)
    for start, stop in _runs(width - reach):
        torch.mm(lines[:, start : stop + reach], band(stop - start).T, out=across[:, start:stop])
    return across.view(height - reach, *planes, width - reach)


def _runs(length: int) -> list[tuple[int, int]]:
    return [(start, min(start + _RUN, length)) for start in range(0, length, _RUN)]


@cache
def _band(weights: tuple[float, ...], means: int, *, dtype: torch.dtype, device: torch.device) -> Tensor:
    """(means, means + k - 1): the taps, one place further in every row."""
    band = torch.zeros(means, means + len(weights) - 1, dtype=dtype)
    for row, values in enumerate(band):
        values[row : row + len(weights)] = torch.tensor(weights, dtype=dtype)
    return band.to(device)


def along(planes: Tensor, weights: tuple[float, ...], axis: int) -> Tensor:
    """Means along one axis alone, as sums of shifted pictures: planes (…) floating, k - 1 shorter there."""
    radius = len(weights) // 2
    length = planes.shape[axis] - 2 * radius
    total = planes.narrow(axis, radius, length) * weights[radius]
    pair = torch.empty_like(total)
    for tap in range(radius):
        torch.add(planes.narrow(axis, tap, length), planes.narrow(axis, 2 * radius - tap, length), out=pair)
        total.add_(pair, alpha=weights[tap])
    return total
