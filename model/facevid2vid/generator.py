"""Occlusion-aware generators: the source's appearance volume, its warp, and the decoder to an image."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from model.facevid2vid.architecture import Architecture
from model.facevid2vid.blocks import DownBlock2d, ResBlock2d, ResBlock3d, SameBlock2d, UpBlock2d
from model.facevid2vid.dense_motion import DenseMotionNetwork, Motion
from model.facevid2vid.geometry import Keypoints, warp
from model.facevid2vid.spade import SpadeDecoder


@dataclass(frozen=True, slots=True, eq=False)
class Generated:
    """`image` is (B, 3, H, W) in (0, 1); `motion` what moved the source there."""

    image: Tensor
    motion: Motion


class Generator(nn.Module):
    """Network `generator` of the checkpoints, with the plain or the SPADE decoder."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        widths, (channels, depth) = architecture.appearance, architecture.volume
        spade = architecture.decoder == "spade"
        self.depth = depth
        self.dense_motion_network = DenseMotionNetwork(architecture)
        self.first = SameBlock2d(3, widths[0], 3 if spade else 7)
        self.down_blocks = nn.ModuleList(DownBlock2d(a, b) for a, b in itertools.pairwise(widths))
        self.second = nn.Conv2d(widths[-1], channels * depth, 1)
        self.resblocks_3d = nn.Sequential(
            OrderedDict((f"3dr{i}", ResBlock3d(channels)) for i in range(architecture.volume_blocks))
        )
        self.third = SameBlock2d(channels * depth, widths[-1], 3, slope=0.01)
        self.fourth = nn.Conv2d(widths[-1], widths[-1], 1)
        self.decoder: SpadeDecoder | None = SpadeDecoder(architecture) if spade else None
        if not spade:
            self.resblocks_2d = nn.Sequential(
                OrderedDict((f"2dr{i}", ResBlock2d(widths[-1])) for i in range(architecture.decoder_blocks))
            )
            falling = widths[::-1]
            self.up_blocks = nn.ModuleList(UpBlock2d(a, b) for a, b in itertools.pairwise(falling))
            self.final = nn.Conv2d(widths[0], 3, 7, padding=3)

    def encode(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1] → the appearance volume (B, C, D, H/4, W/4), which depends on the source alone."""
        x = self.first(image)
        for block in self.down_blocks:
            x = block(x)
        volume: Tensor = self.resblocks_3d(self.second(x).unflatten(1, (-1, self.depth)))
        return volume

    def animate(self, volume: Tensor, source: Keypoints, driving: Keypoints) -> Generated:
        """Appearance volume and keypoints of the same batch length → images."""
        motion = self.dense_motion_network(volume, source, driving)
        warped = warp(volume, motion.deformation)
        feature = self.fourth(self.third(warped.flatten(1, 2))) * motion.occlusion
        return Generated(self.decode(feature), motion)

    def decode(self, feature: Tensor) -> Tensor:
        """(B, C, H/4, W/4) occluded feature → (B, 3, H, W) in (0, 1)."""
        if self.decoder is not None:
            image: Tensor = self.decoder(feature)
            return image
        x = self.resblocks_2d(feature)
        for block in self.up_blocks:
            x = block(x)
        return torch.sigmoid(self.final(x))

    def forward(self, image: Tensor, source: Keypoints, driving: Keypoints) -> Generated:
        """Source images (B, 3, H, W) and both sets of keypoints → images."""
        return self.animate(self.encode(image), source, driving)
