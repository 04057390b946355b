"""8-bit luma of RGB frames."""

from __future__ import annotations

import torch
from torch import Tensor

from bench.compute.scored_frames import ScoredFrames

_RED, _GREEN, _BLUE, _BITS = 9798, 19235, 3735, 15  # 0.299, 0.587, 0.114 in units of 2**-15; they add up to one


def luma(pixels: Tensor) -> Tensor:
    """(T, 3, H, W) uint8 RGB → (T, H, W) uint8: ITU-R 601 luma, rounded.

    In the 15-bit fixed point of OpenCV's `cvtColor(RGB2GRAY)`, which differs from rounding the exact sum on a few
    pixels in a thousand; the published grey-level metrics are computed on this.
    """
    red, green, blue = pixels.to(torch.int32).unbind(1)
    total = red * _RED + green * _GREEN + blue * _BLUE + (1 << (_BITS - 1))
    return (total >> _BITS).to(torch.uint8)


def of(frames: ScoredFrames) -> Tensor:
    """(T, H, W) uint8 luma of frames, computed once."""
    return frames.per_frame("luma", luma)
