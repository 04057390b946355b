"""Mouth crops: the region of a face box, and its resize to what the network takes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from syncnet.network import CROP

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


def crop(frame: Tensor, where: Region) -> Tensor:
    """(3, H, W) uint8 RGB frame → (3, 224, 224) uint8 BGR crop, grey where the region leaves the frame."""
    _, height, width = frame.shape
    top, bottom = max(where.top, 0), min(where.bottom, height)
    left, right = max(where.left, 0), min(where.right, width)
    cut = frame.new_full((3, where.bottom - where.top, where.right - where.left), BORDER)
    if top < bottom and left < right:
        inside = frame[:, top:bottom, left:right]
        cut[:, top - where.top : bottom - where.top, left - where.left : right - where.left] = inside
    return resize(cut.unsqueeze(0))[0].flip(0)


def whole(frames: Tensor) -> Tensor:
    """(T, 3, H, W) uint8 RGB frames → (T, 3, 224, 224) uint8 BGR: the rule for material that is cropped already."""
    return resize(frames).flip(1)


def resize(frames: Tensor, side: int = CROP) -> Tensor:
    """(T, C, H, W) uint8 → (T, C, side, side) uint8, bilinear without antialias, bit for bit as OpenCV does it.

    OpenCV's 8-bit route: weights of 11 bits, rows first without rounding, then columns with 4 and 16 bits cut off
    on the way; a reduction to exactly half is the mean of 2x2 pixels, rounded up at ties.
    """
    height, width = frames.shape[-2:]
    if (height, width) == (side, side):
        return frames
    wide = frames.to(torch.int32)
    if (height, width) == (2 * side, 2 * side):
        quads = wide.unflatten(-1, (side, 2)).unflatten(-3, (side, 2))
        halved: Tensor = (quads.sum((-1, -3), dtype=torch.int32) + 2) >> 2
        return halved.to(torch.uint8)
    (column, next_column), (left, right) = _taps(width, side, frames.device)
    (row, next_row), (upper, lower) = _taps(height, side, frames.device, share_edges=True)
    across = wide[..., column] * left + wide[..., next_column] * right
    across >>= 4
    above, below = across[..., row, :], across[..., next_row, :]
    mixed = ((above * upper.unsqueeze(-1)) >> 16) + ((below * lower.unsqueeze(-1)) >> 16)
    return ((mixed + 2) >> 2).clamp_(0, 255).to(torch.uint8)


def _taps(
    source: int, target: int, device: torch.device, *, share_edges: bool = False
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Indices of the two source pixels of every target pixel, and the weights of both in 1/2048.

    Beyond the outermost pixel's centre both indices are that pixel's. OpenCV gives it all the weight along rows, and
    leaves the weights as they are along columns (`share_edges`), where cutting bits off then tells them apart.
    """
    place = ((torch.arange(target, dtype=torch.float64) + 0.5) * (source / target) - 0.5).float()
    first = place.floor()
    share = place - first
    if not share_edges:
        share[(first < 0) | (first >= source - 1)] = 0
    one = 1 << _BITS
    upper, lower = (torch.round(weight * one).to(device, torch.int32) for weight in (1 - share, share))
    index = first.to(device, torch.int64)
    return (index.clamp(0, source - 1), (index + 1).clamp(0, source - 1)), (upper, lower)
