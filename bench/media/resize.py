"""Resizing of frames, each kernel a pair of matrices: one for rows, one for columns."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.errors import BenchError

if TYPE_CHECKING:
    from scipy import sparse

DEFAULT = "skimage-antialias-linear"


def resize(pixels: Tensor, size: tuple[int, int], *, kernel: str = DEFAULT) -> Tensor:
    """Frames (T, 3, H, W) uint8 → (T, 3, *size) uint8; the aspect ratio is not kept.

    Every kernel here is linear and separable, so a frame is multiplied by one sparse matrix per axis, in float64,
    and rounded once, halves to even. A frame's result does not depend on the frames beside it.

    Raises:
        BenchError: no kernel of that name, or a size without pixels.
    """
    if kernel not in KERNELS:
        raise BenchError(f"there is no resize kernel '{kernel}': choose one of {', '.join(KERNELS)}")
    height, width = (int(side) for side in pixels.shape[-2:])
    if min(*size, height, width) < 1:
        raise BenchError(f"{width}x{height} cannot be resized to {size[1]}x{size[0]}: both need at least one pixel")
    if (height, width) == tuple(size):
        return pixels
    rows, columns = axis_matrix(height, size[0], kernel), axis_matrix(width, size[1], kernel)
    planes = pixels.numpy().reshape(-1, height, width)
    resized = np.empty((len(planes), *size), np.uint8)
    exact = np.empty((height, width))
    for plane, out in zip(planes, resized, strict=True):
        exact[:] = plane
        half = (rows @ exact).T
        # The weights of a row are positive and add up to 1: only rounding can leave 0–255, and rint takes it back.
        np.rint((columns @ np.ascontiguousarray(half)).T, out=out, casting="unsafe")
    return torch.from_numpy(resized.reshape(*pixels.shape[:-2], *size))


@lru_cache(maxsize=64)
def axis_matrix(length: int, resized: int, kernel: str = DEFAULT) -> sparse.csr_array:
    """(resized, length) float64 weights that `kernel` puts on the pixels of one axis."""
    from scipy import sparse

    return sparse.csr_array(KERNELS[kernel](length, resized))


def _skimage_antialias_linear(length: int, resized: int) -> NDArray[np.float64]:
    """`skimage.transform.resize` 0.26 with its defaults, on one axis.

    A shrinking axis is first blurred with a gaussian of sigma (length / resized − 1) / 2, truncated at 4 sigma with
    mirrored borders; then linear interpolation at pixel centres, mirrored too. Both are linear in the pixels.
    """
    sigma = (length / resized - 1) / 2
    low, fraction = _between(length, resized)
    weights = np.zeros((resized, length))
    for neighbour, weight in ((low, 1 - fraction), (low + 1, fraction)):
        weights += weight[:, None] * _blurred(_mirrored(neighbour, length), length, sigma)
    return weights


def _blurred(pixels: NDArray[np.intp], length: int, sigma: float) -> NDArray[np.float64]:
    """(n, length): what each of n pixels is made of by `scipy.ndimage.gaussian_filter1d` with mirrored borders.

    To the last bit what blurring the unit vectors gives, whose memory and time grow with the square of the length: the
    weights are added in scipy's order, the outermost pair before the inner ones, the middle before all.
    """
    rows = np.arange(len(pixels))
    weights = np.zeros((len(pixels), length))
    radius = int(4 * sigma + 0.5) if sigma > 0 else 0
    offsets = np.arange(-radius, radius + 1)
    gaussian = np.exp(-0.5 / (sigma * sigma) * offsets**2) if radius else np.ones(1)
    gaussian /= gaussian.sum()
    weights[rows, pixels] = gaussian[radius]
    for offset in range(radius, 0, -1):
        before, after = _mirrored(pixels - offset, length), _mirrored(pixels + offset, length)
        twice = before == after
        weights[rows, before] += np.where(twice, 2, 1) * gaussian[radius - offset]
        weights[rows[~twice], after[~twice]] += gaussian[radius - offset]
    return weights


def _bilinear(length: int, resized: int) -> NDArray[np.float64]:
    """Linear interpolation at pixel centres, borders repeated, no anti-aliasing (OpenCV's INTER_LINEAR)."""
    low, fraction = _between(length, resized)
    weights = np.zeros((resized, length))
    index = np.arange(resized)
    for neighbour, weight in ((low, 1 - fraction), (low + 1, fraction)):
        weights[index, np.clip(neighbour, 0, length - 1)] += weight
    return weights


def _area(length: int, resized: int) -> NDArray[np.float64]:
    """Every output pixel is the mean of the input that it covers (OpenCV's INTER_AREA when shrinking)."""
    edges = np.arange(resized + 1) * (length / resized)
    pixel = np.arange(length)
    covered = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    weights = np.clip(covered, 0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _between(length: int, resized: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Where the centres of output pixels lie: the input pixel before each, and how far behind it."""
    centre = (np.arange(resized) + 0.5) * (length / resized) - 0.5
    low = np.floor(centre)
    return low.astype(np.intp), centre - low


def _mirrored(index: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    """Indices outside 0 … length − 1 folded back about the border pixels' centres."""
    if length == 1:
        return np.zeros_like(index)
    period = 2 * (length - 1)
    folded = np.abs(index) % period
    return np.where(folded < length, folded, period - folded)


KERNELS: dict[str, Callable[[int, int], NDArray[np.float64]]] = {
    DEFAULT: _skimage_antialias_linear,
    "area": _area,
    "bilinear": _bilinear,
}
"""Every resize kernel by the name that the protocol stores; each gives the (resized, length) weights of an axis."""
