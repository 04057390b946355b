"""Bilinear resizing whose bits do not hang on the number of threads."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def bilinear(x: Tensor, height: int, width: int) -> Tensor:
    """(T, 3, H, W) → (T, 3, height, width), half-pixel centres, no antialias; channels last.

    For three channels PyTorch takes one kernel when it has a single thread and another when it has more, and their last
    bits differ; a fourth channel leads to one kernel always.
    """
    padded = x.new_zeros(x.shape[0], 4, *x.shape[2:]).contiguous(memory_format=torch.channels_last)
    padded[:, :3] = x
    resized = F.interpolate(padded, size=(height, width), mode="bilinear", align_corners=False, antialias=False)
    return resized[:, :3].contiguous(memory_format=torch.channels_last)
