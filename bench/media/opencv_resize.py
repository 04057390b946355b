"""Bilinear resizing of 8-bit pictures, bit for bit as OpenCV does it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Index = NDArray[np.int32]

_BITS = 11  # of the fixed-point weights


def resize(picture: Pixels, height: int, width: int, *, step: float | None = None) -> Pixels:
    """(C, H, W) uint8 → (C, height, width) uint8, bilinear without antialias.

    OpenCV's 8-bit route: weights of 11 bits, rows first without rounding, then columns with 4 and 16 bits cut off on
    the way; a reduction to exactly half is the mean of 2x2 pixels, rounded up at ties. `step` is the distance between
    source pixels where it is not the quotient of the sizes (OpenCV's `fx`, `fy` are its inverse). In NumPy, because
    threads do not pay for operations as small as these.
    """
    channels, *source = picture.shape
    if source == [height, width]:
        return picture
    if source == [2 * height, 2 * width]:
        quads = picture.reshape(channels, height, 2, width, 2).sum((2, 4), dtype=np.int32)
        halved: Pixels = ((quads + 2) >> 2).astype(np.uint8)
        return halved
    (column, next_column), (left, right) = _taps(source[1], width, step)
    (row, next_row), (upper, lower) = _taps(source[0], height, step, share_edges=True)
    across = picture.take(column, axis=2) * left
    across += picture.take(next_column, axis=2) * right
    across >>= 4
    mixed = across.take(row, axis=1) * upper[:, None]
    mixed >>= 16
    below = across.take(next_row, axis=1) * lower[:, None]
    below >>= 16
    mixed += below
    mixed += 2
    mixed >>= 2
    return mixed.astype(np.uint8)


def _taps(
    source: int, target: int, step: float | None, *, share_edges: bool = False
) -> tuple[tuple[Index, Index], tuple[Index, Index]]:
    """Indices of the two source pixels of every target pixel, and the weights of both in 1/2048.

    Beyond the outermost pixel's centre both indices are that pixel's. OpenCV gives it all the weight along rows, and
    leaves the weights as they are along columns (`share_edges`), where cutting bits off then tells them apart.
    """
    place = ((np.arange(target) + 0.5) * (step or source / target) - 0.5).astype(np.float32)
    first = np.floor(place)
    share = place - first
    if not share_edges:
        share[(first < 0) | (first >= source - 1)] = 0
    one = np.float32(1 << _BITS)
    upper, lower = (np.rint(weight * one).astype(np.int32) for weight in (1 - share, share))
    index = first.astype(np.int32)
    return (index.clip(0, source - 1), (index + 1).clip(0, source - 1)), (upper, lower)
