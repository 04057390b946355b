"""Canonical keypoint detector: an image's keypoints without pose and expression."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from model.facevid2vid.architecture import Architecture
from model.facevid2vid.blocks import AntiAliasing, DownBlock2d, UpBlock3d
from model.facevid2vid.geometry import Keypoints, expectation


class Predictor(nn.Module):
    """2-D encoder, a 1×1 convolution whose channels become (feature, depth), 3-D decoder."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        widths, depth = architecture.detector, architecture.detector_depth
        levels = range(len(widths) - 1)
        self.depth = depth
        self.down_blocks = nn.Sequential(
            OrderedDict((f"down{i}", DownBlock2d(3 if i == 0 else widths[i], widths[i + 1])) for i in levels)
        )
        self.conv = nn.Conv2d(widths[-1], widths[-1] * depth, 1)
        falling = widths[::-1]
        self.up_blocks = nn.Sequential(
            OrderedDict((f"up{i}", UpBlock3d(falling[i], falling[i + 1], architecture.legacy)) for i in levels)
        )

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) → (B, widths[0], depth, H, W)."""
        features: Tensor = self.conv(self.down_blocks(image))
        volume: Tensor = self.up_blocks(features.view(len(image), -1, self.depth, *features.shape[2:]))
        return volume


class KeypointDetector(nn.Module):
    """Network `kp_detector` of the checkpoints."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.temperature = architecture.temperature
        self.predictor = Predictor(architecture)
        width, count = architecture.detector[0], architecture.keypoints
        self.kp = nn.Conv3d(width, count, 3, padding=1)
        self.jacobian = nn.Conv3d(width, 9 * count, 3, padding=1) if architecture.jacobian else None
        if self.jacobian is not None:
            nn.init.zeros_(self.jacobian.weight)
            self.jacobian.bias = nn.Parameter(torch.eye(3).flatten().repeat(count))
        self.down = AntiAliasing(3, architecture.shrink) if architecture.shrink > 1 else None

    def forward(self, image: Tensor) -> Keypoints:
        """(B, 3, H, W) in [0, 1] → canonical keypoints: expectations of a softmax over all voxels.

        The softmax is taken in float32 over all voxels at once, as the public code does: with a million of them its sum
        is off by parts in ten thousand on a CPU, and keypoints that agree with the public ones have to share that.
        """
        if self.down is not None:
            image = self.down(image)
        features = self.predictor(image)
        logits = self.kp(features)
        heatmap = (logits / self.temperature).flatten(2).softmax(2).view_as(logits)
        value = expectation(heatmap)
        if self.jacobian is None:
            return Keypoints(value)
        maps = self.jacobian(features).view(*value.shape[:2], 9, *logits.shape[2:])
        # A pairwise sum: a matrix product over all voxels would lose three digits in float32.
        jacobian = (heatmap[:, :, None] * maps).sum((3, 4, 5))
        return Keypoints(value, jacobian.view(*value.shape, 3))
