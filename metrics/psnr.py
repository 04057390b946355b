"""PSNR: peak signal-to-noise ratio."""

from __future__ import annotations

import torch
from torch import Tensor

from bench.compute import batches
from bench.compute.scored_frames import ScoredFrames
from metrics import luma
from metrics.metric import Metric, frame_mean


def psnr(pred: Tensor, ref: Tensor) -> Tensor:
    """pred, ref: (T, …) uint8 → (T,) float64 dB: 10 log10(255² / MSE) of each frame, infinite for equal frames.

    The squared error is a whole number, which float64 sums exactly.
    """
    total = torch.empty(pred.shape[0], dtype=torch.float64, device=pred.device)
    for part in batches.of(pred):
        difference = pred[part].double().sub_(ref[part]).flatten(1)
        total[part] = torch.linalg.vecdot(difference, difference)
    return 10.0 * torch.log10(255.0**2 * pred[0].numel() / total)


def _rgb(pred: ScoredFrames, ref: ScoredFrames) -> Tensor:
    return psnr(pred.pixels, ref.pixels)


def _gray(pred: ScoredFrames, ref: ScoredFrames) -> Tensor:
    return psnr(luma.of(pred), luma.of(ref))


PSNR = Metric(
    id="psnr",
    label="PSNR",
    version=1,
    direction="higher",
    unit="dB",
    definition="10 log10(255² / MSE), RGB, MSE per frame over all pixels and channels, mean over frames; "
    "infinite frames are counted and kept out of the mean",
    source="scikit-image 0.26 peak_signal_noise_ratio, data_range 255",
    begin=frame_mean(_rgb),
    bounds=(0.0, float("inf")),
    ideal=float("inf"),
    digits=2,
)

PSNR_GRAY = Metric(
    id="psnr_gray",
    label="PSNR (luma)",
    version=1,
    direction="higher",
    unit="dB",
    definition="10 log10(255² / MSE), 8-bit ITU-R 601 luma (rounded), MSE per frame, mean over frames; "
    "infinite frames are counted and kept out of the mean",
    source="scikit-image 0.26 peak_signal_noise_ratio, data_range 255, on OpenCV's RGB2GRAY",
    begin=frame_mean(_gray),
    bounds=(0.0, float("inf")),
    ideal=float("inf"),
    digits=2,
)
