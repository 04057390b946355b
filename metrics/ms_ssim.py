"""MS-SSIM: structural similarity over five scales."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from bench.compute import batches
from bench.compute.scored_frames import ScoredFrames
from metrics import ssim
from metrics.metric import Metric, frame_mean

WEIGHTS: Final = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # Wang et al.; they add up to 1.0001 and are not rescaled
SHORTEST: Final = (ssim.WINDOW - 1) * 2 ** (len(WEIGHTS) - 1) + 1


def halve(pixels: Tensor) -> Tensor:
    """pixels: (T, 3, H, W) uint8 or float32 → (T, 3, ⌈H/2⌉, ⌈W/2⌉) float32: means of 2×2 pixels.

    An odd last row or column is repeated first, as the symmetric border of the authors' release does.
    """
    height, width = pixels.shape[-2:]

    def compute(part: slice) -> Tensor:
        planes = pixels[part].float()
        if height % 2 or width % 2:
            planes = functional.pad(planes, (0, width % 2, 0, height % 2), mode="replicate")
        rows = planes[..., 0::2, :] + planes[..., 1::2, :]
        return (rows[..., 0::2] + rows[..., 1::2]).mul_(0.25)

    return batches.each(compute, pixels)


def combine(scales: Tensor) -> Tensor:
    """scales: (S, T, 2, 3) of `ssim.compare`, finest first → (T,) float64 in [0, 1].

    Contrast-structure of the finer scales and SSIM of the coarsest, clipped at zero, raised to the weights and
    multiplied, for each channel; then the mean over channels.
    """
    terms = torch.cat([scales[:-1, :, 1], scales[-1:, :, 0]]).clamp_min(0.0)
    weights = torch.tensor(WEIGHTS, dtype=terms.dtype, device=terms.device).view(-1, 1, 1)
    return (terms**weights).prod(dim=0).mean(dim=1)


def _level(frames: ScoredFrames, scale: int) -> Tensor:
    if scale == 0:
        return frames.pixels
    finer = _level(frames, scale - 1)
    return frames.per_frame(f"ms_ssim.level{scale}", lambda pixels: halve(finer[: len(pixels)]))


def _moments(frames: ScoredFrames, scale: int) -> Tensor:
    level = _level(frames, scale)
    return frames.per_frame(f"ms_ssim.moments{scale}", lambda pixels: ssim.moments(level[: len(pixels)]))


def _compute(pred: ScoredFrames, ref: ScoredFrames) -> Tensor:
    ssim.require(pred, SHORTEST, "MS-SSIM of five scales")
    scales = [ssim.full_size(pred, ref)]
    for scale in range(1, len(WEIGHTS)):
        level = _level(pred, scale), _level(ref, scale)
        scales.append(ssim.compare(*level, _moments(pred, scale), _moments(ref, scale)))
    return combine(torch.stack(scales))


MS_SSIM = Metric(
    id="ms_ssim",
    label="MS-SSIM",
    version=1,
    direction="higher",
    unit="",
    definition="RGB, 5 scales weighted 0.0448 0.2856 0.3001 0.2363 0.1333, Gaussian window 11×11 (σ 1.5), "
    "2×2 mean pooling, negative terms clipped to 0, mean over channels and frames",
    source="Wang, Simoncelli, Bovik 2003; piq 0.8 multi_scale_ssim and pytorch-msssim 1.0 ms_ssim",
    begin=frame_mean(_compute),
    bounds=(0.0, 1.0),
    ideal=1.0,
    digits=4,
)
