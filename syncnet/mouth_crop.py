"""Mouth crops: the region of a face box, and its resize to what the network takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.media.opencv_resize import Pixels, resize
from syncnet.network import CROP

SCALE = 0.40
"""How far the crop reaches below the box, as a share of its half side, doubled."""
BORDER = 110
"""Grey of what lies outside the picture."""


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
    return resize(cut, CROP, CROP)[::-1]


def whole(frame: Pixels) -> Pixels:
    """(3, H, W) uint8 RGB frame → (3, 224, 224) uint8 BGR: the rule for material that is cropped already."""
    return resize(frame, CROP, CROP)[::-1]
