"""SSIM: structural similarity, and its comparison of one scale that MS-SSIM shares."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from bench.compute import batches, cores, local_mean
from bench.compute.scored_frames import ScoredFrames
from bench.outcome import Skip
from metrics import luma
from metrics.metric import Metric, frame_mean

WINDOW: Final = 11
_TAPS: Final = local_mean.taps(WINDOW, 1.5)
_C1: Final = (0.01 * 255) ** 2
_C2: Final = (0.03 * 255) ** 2
_BOX: Final = 7  # scikit-image's default window


def moments(pixels: Tensor) -> Tensor:
    """pixels: (T, 3, H, W) uint8, or float32 in 8-bit levels → (T, H - 10, 2, 3, W - 10) float32: mean and variance.

    Both are local, under the Gaussian window. They are worked out in float64: in float32 E[x²] - E[x]² is off by one
    and the same amount all over a flat region, which moves SSIM by up to 1e-7.
    """
    frames, channels, height, width = pixels.shape
    size = (frames, height - WINDOW + 1, 2, channels, width - WINDOW + 1)
    result = torch.empty(size, dtype=torch.float32, device=pixels.device)

    def compute(part: slice) -> None:
        rows = _rows(pixels[part], 2)
        rows[:, :, 0] = pixels[part].permute(2, 0, 1, 3)
        torch.mul(rows[:, :, 0], rows[:, :, 0], out=rows[:, :, 1])
        local = local_mean.local_mean(rows, _TAPS)
        mean, square = local.unbind(2)
        square.addcmul_(mean, mean, value=-1.0)
        result[part] = local.transpose(0, 1)

    cores.side_by_side(compute, batches.of(pixels))
    return result


def compare(pred: Tensor, ref: Tensor, pred_moments: Tensor, ref_moments: Tensor) -> Tensor:
    """Structural comparison at one scale.

    Args:
        pred, ref: (T, 3, H, W) uint8, or float32 in 8-bit levels.
        pred_moments, ref_moments: what `moments` makes of them.

    Returns:
        (T, 2, 3) float64: mean over each channel of the SSIM map, and of its contrast-structure part; 1 without a look
        at them where both sides are one tensor.

    With d = pred - ref the two factors are 1 - E[d]² / (μx² + μy² + C1) and 1 - Var[d] / (σx² + σy² + C2): the usual
    formula rearranged. It needs one filtered picture for a pair, is exactly 1 for equal frames, and rounding touches
    only the small differences from 1, so that float32 suffices here.
    """
    if pred is ref:
        return torch.ones(len(pred), 2, pred.shape[1], dtype=torch.float64, device=pred.device)

    def compute(part: slice) -> Tensor:
        rows = _rows(pred[part], 1)
        rows[:, :, 0] = pred[part].permute(2, 0, 1, 3)
        rows[:, :, 0].sub_(ref[part].permute(2, 0, 1, 3)).square_()
        spread = local_mean.local_mean(rows, _TAPS).squeeze(2).transpose(0, 1).float()
        (mean_x, variance_x), (mean_y, variance_y) = pred_moments[part].unbind(2), ref_moments[part].unbind(2)
        mean_squared = (mean_x - mean_y).square_()
        spread.sub_(mean_squared).div_((variance_x + variance_y).add_(_C2))
        # Both squares are rounded: a fused product would round one, and the sides would not be equals.
        luminance = mean_squared.div_((mean_x.square() + mean_y.square()).add_(_C1))
        both = (luminance + spread).sub_(luminance.mul_(spread))
        return 1.0 - torch.stack([_mean(both), _mean(spread)], dim=1)

    return batches.each(compute, pred)


def _rows(planes: Tensor, kinds: int) -> Tensor:
    """Room for `kinds` pictures of each of (T, C, H, W), rows first: (H, T, kinds, C, W) float64."""
    frames, channels, height, width = planes.shape
    return torch.empty(height, frames, kinds, channels, width, dtype=torch.float64, device=planes.device)


def _mean(planes: Tensor) -> Tensor:
    """(T, H, C, W) → (T, C) float64: rows in their own precision, their sums in float64."""
    return planes.mean(dim=-1).double().mean(dim=1)


def _moments(frames: ScoredFrames) -> Tensor:
    return frames.per_frame("ssim.moments", moments)


def full_size(pred: ScoredFrames, ref: ScoredFrames) -> Tensor:
    """`compare` at full size, (T, 2, 3), once for SSIM and the first scale of MS-SSIM.

    Raises:
        Skip: the window does not fit into the frames.
    """
    require(pred, WINDOW, "SSIM's 11×11 window")
    return pred.paired(ref, "ssim.full_size", lambda p, r: compare(p.pixels, r.pixels, _moments(p), _moments(r)))


def require(frames: ScoredFrames, side: int, what: str) -> None:
    """Raise `Skip` unless the short side of the frames has `side` pixels, which `what` needs."""
    height, width = frames.pixels.shape[-2:]
    if min(height, width) < side:
        raise Skip(f"frames of {width}×{height} pixels: {what} needs a short side of at least {side}")


def uniform(pred: Tensor, ref: Tensor) -> Tensor:
    """pred, ref: (T, H, W) uint8 → (T,) float64: SSIM with scikit-image's default 7×7 window and sample covariance.

    Sums over the window are exact: they are whole numbers below 2**24.
    """
    count = _BOX * _BOX
    box = (1.0,) * _BOX

    def compute(part: slice) -> Tensor:
        x, y = (side[part].transpose(0, 1).float() for side in (pred, ref))
        rows = torch.stack([x, y, x * x, y * y, x * y], dim=2)
        sum_x, sum_y, sum_xx, sum_yy, sum_xy = local_mean.local_mean(rows, box).double().unbind(2)
        mean_x, mean_y = sum_x / count, sum_y / count
        covariance = (sum_xy - sum_x * sum_y / count) / (count - 1)
        variances = (sum_xx + sum_yy - (sum_x**2 + sum_y**2) / count) / (count - 1)
        luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
        values = luminance * (2 * covariance + _C2) / (variances + _C2)
        return values.transpose(0, 1).contiguous().mean(dim=(1, 2))

    return batches.each(compute, pred)


def _rgb(pred: ScoredFrames, ref: ScoredFrames) -> Tensor:
    return full_size(pred, ref)[:, 0].mean(dim=1)


def _gray(pred: ScoredFrames, ref: ScoredFrames) -> Tensor:
    require(pred, _BOX, "SSIM's 7×7 window")
    return uniform(luma.of(pred), luma.of(ref))


SSIM = Metric(
    id="ssim",
    label="SSIM",
    version=1,
    direction="higher",
    unit="",
    definition="RGB, Gaussian window 11×11 (σ 1.5) where it fits whole, no sample covariance, K 0.01 and 0.03, "
    "data range 1, no down-sampling, mean over pixels, channels and frames",
    source="Wang et al. 2004; scikit-image 0.26 structural_similarity(gaussian_weights, no sample covariance)",
    begin=frame_mean(_rgb),
    bounds=(-1.0, 1.0),
    ideal=1.0,
    digits=4,
)

SSIM_GRAY = Metric(
    id="ssim_gray",
    label="SSIM (luma)",
    version=1,
    direction="higher",
    unit="",
    definition="8-bit ITU-R 601 luma (rounded), uniform window 7×7 where it fits whole, sample covariance, "
    "K 0.01 and 0.03, data range 255, mean over pixels and frames",
    source="scikit-image 0.26 structural_similarity, defaults, on OpenCV's RGB2GRAY",
    begin=frame_mean(_gray),
    bounds=(-1.0, 1.0),
    ideal=1.0,
    digits=4,
)
