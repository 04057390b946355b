"""Mouth crops: the region of a face box, and its resize to what the network takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from syncnet.network import CROP

Pixels = NDArray[np.uint8]
Index = NDArray[np.int32]

SCALE = 0.40
"""How far the crop reaches below the box, as a share of its half side, doubled."""
BORDER = 110
"""Grey of what lies outside the picture."""

_BITS = 11  # of the fixed-point weights of an 8-bit bilinear resize


@dataclass(frozen=True, slots=True)
class Region:
    """Rows `top` … `bottom`, columns `left` … `right` (exclusive) of a frame; may reach outside it."""

    top: int
    bottom: int
    left: int
    right: int


def region(size: float, x: float, y: float) -> Region:
    """The crop of a face with half side `size` around (x, y), all three median-filtered along the track.

    The public rule: pad the frame by int(size · 1.8), then rows y - size … y + 1.8 size and columns x ± 1.4 size,
    truncated in padded coordinates. A face keeps its chin, and some neck.
    """
    pad = int(size * (1 + 2 * SCALE))
    across = size * (1 + SCALE)
    middle_x, middle_y = x + pad, y + pad
    return Region(
        top=int(middle_y - size) - pad,
        bottom=int(middle_y + size * (1 + 2 * SCALE)) - pad,
        left=int(middle_x - across) - pad,
        right=int(middle_x + across) - pad,
    )


def crop(frame: Pixels, where: Region) -> Pixels:
    """(3, H, W) uint8 RGB frame → (3, 224, 224) uint8 BGR crop, grey where the region leaves the frame."""
    _, height, width = frame.shape
    top, bottom = max(where.top, 0), min(where.bottom, height)
    left, right = max(where.left, 0), min(where.right, width)
    cut = np.full((3, where.bottom - where.top, where.right - where.left), BORDER, np.uint8)
    if top < bottom and left < right:
        inside = frame[:, top:bottom, left:right]
        cut[:, top - where.top : bottom - where.top, left - where.left : right - where.left] = inside
    return resize(cut)[::-1]


def whole(frame: Pixels) -> Pixels:
    """(3, H, W) uint8 RGB frame → (3, 224, 224) uint8 BGR: the rule for material that is cropped already."""
    return resize(frame)[::-1]


def resize(picture: Pixels, side: int = CROP) -> Pixels:
    """(C, H, W) uint8 → (C, side, side) uint8, bilinear without antialias, bit for bit as OpenCV does it.

    OpenCV's 8-bit route: weights of 11 bits, rows first without rounding, then columns with 4 and 16 bits cut off
    on the way; a reduction to exactly half is the mean of 2x2 pixels, rounded up at ties. In NumPy, because threads
    do not pay for operations as small as these.
    """
    channels, height, width = picture.shape
    if (height, width) == (side, side):
        return picture
    if (height, width) == (2 * side, 2 * side):
        quads = picture.reshape(channels, side, 2, side, 2).sum((2, 4), dtype=np.int32)
        halved: Pixels = ((quads + 2) >> 2).astype(np.uint8)
        return halved
    (column, next_column), (left, right) = _taps(width, side)
    (row, next_row), (upper, lower) = _taps(height, side, share_edges=True)
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


def _taps(source: int, target: int, *, share_edges: bool = False) -> tuple[tuple[Index, Index], tuple[Index, Index]]:
    """Indices of the two source pixels of every target pixel, and the weights of both in 1/2048.

    Beyond the outermost pixel's centre both indices are that pixel's. OpenCV gives it all the weight along rows, and
    leaves the weights as they are along columns (`share_edges`), where cutting bits off then tells them apart.
    """
    place = ((np.arange(target) + 0.5) * (source / target) - 0.5).astype(np.float32)
    first = np.floor(place)
    share = place - first
    if not share_edges:
        share[(first < 0) | (first >= source - 1)] = 0
    one = np.float32(1 << _BITS)
    upper, lower = (np.rint(weight * one).astype(np.int32) for weight in (1 - share, share))
    index = first.astype(np.int32)
    return (index.clip(0, source - 1), (index + 1).clip(0, source - 1)), (upper, lower)
