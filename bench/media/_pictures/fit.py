"""Frames of one shape from pictures of another."""

from __future__ import annotations

import torch
from torch import Tensor

from bench.clips import Box
from bench.media.picture_rules import Fit
from bench.media.resize import resize


def fitted(pixels: Tensor, size: tuple[int, int], *, fit: Fit, kernel: str) -> Tensor:
    """(T, 3, H, W) uint8 → (T, 3, *size) uint8."""
    height, width = (int(side) for side in pixels.shape[2:])
    if fit == "crop":
        box = middle(height, width, size)
        pixels = pixels[:, :, box.top : box.bottom, box.left : box.right].contiguous()
    if fit != "pad":
        return resize(pixels, size, kernel=kernel)
    inner = inside(height, width, size)
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    framed = torch.zeros(len(pixels), 3, *size, dtype=torch.uint8)
    framed[:, :, top : top + inner[0], left : left + inner[1]] = resize(pixels, inner, kernel=kernel)
    return framed


def middle(height: int, width: int, size: tuple[int, int]) -> Box:
    """The largest box of the shape of `size`, to the nearest pixel, in the middle of a picture."""
    high = min(height, max(round(width * size[0] / size[1]), 1))
    wide = min(width, max(round(height * size[1] / size[0]), 1))
    top, left = (height - high) // 2, (width - wide) // 2
    return Box(left, top, left + wide, top + high)


def inside(height: int, width: int, size: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of the picture as large as it fits into `size`, to the nearest pixel."""
    scale = min(size[0] / height, size[1] / width)
    return min(max(round(height * scale), 1), size[0]), min(max(round(width * scale), 1), size[1])


def squeeze(height: int, width: int, size: tuple[int, int]) -> float:
    """How much more one side is scaled than the other where a picture is stretched to `size`: 1 or above."""
    ratio = (width / height) / (size[1] / size[0])
    return max(ratio, 1 / ratio)
