"""The SPADE decoder of `vox-256` (Park et al. 2019): the occluded feature modulates every normalisation."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.facevid2vid.architecture import Architecture
from model.facevid2vid.blocks import SpectralConv2d

SLOPE = 0.2
"""Slope of the decoder's leaky ReLU."""


class SpadeNorm(nn.Module):
    """Instance norm, then `x (1 + gamma) + beta` with both computed from the segmentation input."""

    def __init__(self, channels: int, segmentation: int, hidden: int) -> None:
        super().__init__()
        self.mlp_shared = nn.Sequential(nn.Conv2d(segmentation, hidden, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(hidden, channels, 3, padding=1)
        self.mlp_beta = nn.Conv2d(hidden, channels, 3, padding=1)

    def forward(self, x: Tensor, segmentation: Tensor) -> Tensor:
        """(B, C, H, W) and (B, S, h, w) → (B, C, H, W)."""
        hidden = self.mlp_shared(F.interpolate(segmentation, size=x.shape[2:]))
        gamma: Tensor = self.mlp_gamma(hidden)
        beta: Tensor = self.mlp_beta(hidden)
        return F.instance_norm(x) * (1 + gamma) + beta


class SpadeBlock(nn.Module):
    """Residual block of two SPADE norms; the skip branch, without activation, is learnt only where widths differ."""

    def __init__(self, channels: int, out: int, segmentation: int, hidden: int) -> None:
        super().__init__()
        inner = min(channels, out)
        self.learnt_skip = channels != out
        self.conv_0 = SpectralConv2d(channels, inner, 3, padding=1)
        self.conv_1 = SpectralConv2d(inner, out, 3, padding=1)
        self.norm_0 = SpadeNorm(channels, segmentation, hidden)
        self.norm_1 = SpadeNorm(inner, segmentation, hidden)
        if self.learnt_skip:
            self.conv_s = SpectralConv2d(channels, out, 1, bias=False)
            self.norm_s = SpadeNorm(channels, segmentation, hidden)

    def forward(self, x: Tensor, segmentation: Tensor) -> Tensor:
        """(B, C, H, W) and (B, S, h, w) → (B, out, H, W)."""
        skip = self.conv_s(self.norm_s(x, segmentation)) if self.learnt_skip else x
        inner = self.conv_0(F.leaky_relu(self.norm_0(x, segmentation), SLOPE))
        inner = self.conv_1(F.leaky_relu(self.norm_1(inner, segmentation), SLOPE))
        summed: Tensor = skip + inner
        return summed


class SpadeDecoder(nn.Module):
    """Network `generator.decoder` of the `vox-256` checkpoints."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        segmentation, hidden = architecture.appearance[-1], architecture.spade_hidden
        middle, half, full = architecture.spade
        self.middle_blocks = architecture.decoder_blocks
        self.fc = nn.Conv2d(segmentation, middle, 3, padding=1)
        for index in range(self.middle_blocks):
            self.add_module(f"G_middle_{index}", SpadeBlock(middle, middle, segmentation, hidden))
        self.up_0 = SpadeBlock(middle, half, segmentation, hidden)
        self.up_1 = SpadeBlock(half, full, segmentation, hidden)
        self.conv_img = nn.Conv2d(full, 3, 3, padding=1)

    def forward(self, feature: Tensor) -> Tensor:
        """(B, S, H, W) occluded feature → (B, 3, 4H, 4W) in (0, 1)."""
        x = self.fc(feature)
        for index in range(self.middle_blocks):
            x = self.get_submodule(f"G_middle_{index}")(x, feature)
        x = self.up_0(F.interpolate(x, scale_factor=2), feature)
        x = self.up_1(F.interpolate(x, scale_factor=2), feature)
        return torch.sigmoid(self.conv_img(F.leaky_relu(x, SLOPE)))
