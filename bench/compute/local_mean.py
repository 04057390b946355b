"""Gaussian windows: local weighted means of pictures."""

from __future__ import annotations

from functools import cache, partial
from typing import Final

import numpy as np
import torch
from torch import Tensor

_RUN: Final = 12  # means of one product; a shorter run is a worse product, a longer one multiplies more zeros


@cache
def taps(size: int, sigma: float) -> tuple[float, ...]:
    """The `size` weights (odd) of a Gaussian of width `sigma` in pixels, adding up to one."""
    weights = np.exp(-0.5 * (np.arange(size) - size // 2) ** 2 / sigma**2)
    return tuple((weights / weights.sum()).tolist())


def local_mean(rows: Tensor, weights: tuple[float, ...]) -> Tensor:
    """Means under a separable symmetric window of k taps where it fits.

    Written as products with band matrices, a run of means at a time: half of a band is zeros, and yet a matrix product
    takes a fraction of the time of the sums that it stands for, which wait for memory.

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
    whole, rest = divmod(height - reach, _RUN)
    if whole:
        runs = lines.unfold(0, _RUN + reach, _RUN).transpose(1, 2)
        torch.bmm(band(_RUN).expand(whole, -1, -1), runs, out=down[: whole * _RUN].unflatten(0, (whole, _RUN)))
    if rest:
        torch.mm(band(rest), lines[-rest - reach :], out=down[-rest:])
    lines = down.view(-1, width)
    across = lines.new_empty(len(lines), width - reach)
    whole, rest = divmod(width - reach, _RUN)
    if whole:
        runs = lines.unfold(1, _RUN + reach, _RUN).transpose(0, 1)
        means = across[:, : whole * _RUN].unflatten(1, (whole, _RUN)).transpose(0, 1)
        torch.bmm(runs, band(_RUN).T.expand(whole, -1, -1), out=means)
    if rest:
        torch.mm(lines[:, -rest - reach :], band(rest).T, out=across[:, -rest:])
    return across.view(height - reach, *planes, width - reach)


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
