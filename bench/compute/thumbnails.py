"""Small pictures of frames, for comparisons in which no detail counts."""

from __future__ import annotations

import torch
from torch import Tensor

SIDE = 32


def thumbnails(pixels: Tensor) -> Tensor:
    """(T, C, H, W) uint8 → (T, C, 32, 32) float32 on the CPU: the means of as many equal parts of the picture."""
    return torch.nn.functional.adaptive_avg_pool2d(pixels.float(), SIDE).cpu()
