"""Gaussian windows: local weighted means of pictures."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor


@cache
def taps(size: int, sigma: float) -> tuple[float, ...]:
    """The `size` weights (odd) of a Gaussian of width `sigma` in pixels, adding up to one."""
    weights = np.exp(-0.5 * (np.arange(size) - size // 2) ** 2 / sigma**2)
    return tuple((weights / weights.sum()).tolist())


def local_mean(planes: Tensor, weights: tuple[float, ...]) -> Tensor:
    """planes: (…, H, W) floating → (…, H - k + 1, W - k + 1): separable symmetric window of k taps where it fits.

    Written as sums of shifted pictures: a picture stays in the processor's cache through all taps, which makes this
    several times faster than a convolution with one channel a group, and float64 costs no more than its size.
    """
    return along(along(planes, weights, -1), weights, -2)


def along(planes: Tensor, weights: tuple[float, ...], axis: int) -> Tensor:
    """The same along one axis."""
    radius = len(weights) // 2
    length = planes.shape[axis] - 2 * radius
    total = planes.narrow(axis, radius, length) * weights[radius]
    pair = torch.empty_like(total)
    for tap in range(radius):
        torch.add(planes.narrow(axis, tap, length), planes.narrow(axis, 2 * radius - tap, length), out=pair)
        total.add_(pair, alpha=weights[tap])
    return total
