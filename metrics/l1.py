"""L1: mean absolute difference."""

from __future__ import annotations

import torch
from torch import Tensor

from bench.compute import batches
from bench.compute.scored_frames import ScoredFrames
from metrics.metric import Metric, frame_mean


def l1(pred: Tensor, ref: Tensor) -> Tensor:
    """pred, ref: (T, 3, H, W) uint8 → (T,) float64 in [0, 1]: mean |pred - ref| / 255 of each frame.

    The sum is taken over integers, so it is exact and does not wrap around as a difference of uint8 would.
    """
    total = torch.empty(pred.shape[0], dtype=torch.int64, device=pred.device)
    for part in batches.of(pred):
        difference = pred[part].to(torch.int16).sub_(ref[part]).abs_()
        torch.sum(difference.flatten(1), dim=1, dtype=torch.int64, out=total[part])
    return total.double() / (pred[0].numel() * 255.0)


def _compute(pred: ScoredFrames, ref: ScoredFrames) -> Tensor:
    return l1(pred.pixels, ref.pixels)


_SOURCE = "closed form; the first-order motion model's code prints it in [0, 1], face-vid2vid's paper in 8-bit levels"

L1 = Metric(
    id="l1",
    label="L1",
    version=1,
    direction="lower",
    unit="levels",
    definition="mean absolute difference, RGB, per frame, mean over frames; stored in [0, 1], shown in 8-bit levels",
    source=_SOURCE,
    begin=frame_mean(_compute),
    bounds=(0.0, 1.0),
    ideal=0.0,
    scale=255.0,
    digits=2,
)

L1_UNIT = Metric(
    id="l1_unit",
    label="L1 (0–1)",
    version=1,
    direction="lower",
    unit="",
    definition="mean absolute difference, RGB, per frame, mean over frames; in [0, 1]",
    source=_SOURCE,
    begin=frame_mean(_compute),
    bounds=(0.0, 1.0),
    ideal=0.0,
    digits=4,
)
