"""Conversions between the array forms of frames, with names that say both ends."""

from __future__ import annotations

import torch
from torch import Tensor

from bench.errors import PredictionError

TOLERANCE = 1e-6
"""How far outside 0 … 1 a value may lie and still count as rounding."""


def unit_float_to_uint8(pixels: Tensor) -> Tensor:
    """Floats in [0, 1] of any shape → uint8: round(255 x), halves to even, computed in float64 as NumPy does it.

    Raises:
        PredictionError: a value is NaN, or outside [0, 1] by more than `TOLERANCE`; never clipped silently.
    """
    low, high = (float(bound) for bound in torch.aminmax(pixels)) if pixels.numel() else (0.0, 0.0)
    if low != low or high != high:
        count = int(torch.isnan(pixels).sum())
        raise PredictionError(f"frames hold {count} values that are not numbers (NaN): mend the model")
    if low < -TOLERANCE or high > 1 + TOLERANCE:
        raise PredictionError(
            f"frames reach from {low:.6g} to {high:.6g} and not within 0 to 1: scale or clamp them in the model"
        )
    return (pixels.clamp(0, 1).double() * 255).round_().to(torch.uint8)
