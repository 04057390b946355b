"""Dense motion: which of the K+1 sparse motions each voxel follows, and what the source does not show."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.facevid2vid.architecture import Architecture
from model.facevid2vid.blocks import DownBlock3d, UpBlock3d
from model.facevid2vid.geometry import Keypoints, gaussians, sample_volume, sparse_motions


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """`mask` (B, K+1, D, H, W) sums to one over axis 1; `deformation` is (B, D, H, W, 3); `occlusion` (B, 1, H, W)."""

    mask: Tensor
    deformation: Tensor
    occlusion: Tensor


class HourglassEncoder(nn.Module):
    """Down blocks; every level's output is kept for the decoder."""

    def __init__(self, channels: int, widths: tuple[int, ...], legacy: bool) -> None:
        super().__init__()
        rising = (channels, *widths[1:])
        self.down_blocks = nn.ModuleList(DownBlock3d(a, b, legacy) for a, b in itertools.pairwise(rising))

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, C, D, H, W) → the input and each level."""
        levels = [x]
        for block in self.down_blocks:
            levels.append(block(levels[-1]))
        return levels


class HourglassDecoder(nn.Module):
    """Up blocks, each followed by the encoder's level of that size, concatenated behind; one last convolution."""

    def __init__(self, channels: int, widths: tuple[int, ...], legacy: bool) -> None:
        super().__init__()
        levels = len(widths) - 1
        self.up_blocks = nn.ModuleList(
            UpBlock3d(widths[i] * (1 if i == levels else 2), widths[i - 1], legacy) for i in range(levels, 0, -1)
        )
        self.channels = widths[0] + channels
        self.conv = nn.Conv3d(self.channels, self.channels, 3, padding=1)
        self.norm = nn.BatchNorm3d(self.channels)

    def forward(self, levels: list[Tensor]) -> Tensor:
        """The encoder's levels → (B, widths[0] + C, D, H, W)."""
        x = levels[-1]
        for block, skip in zip(self.up_blocks, levels[-2::-1], strict=True):
            x = torch.cat([block(x), skip], 1)
        return F.relu(self.norm(self.conv(x)))


class Hourglass(nn.Module):
    """A 3-D U-Net."""

    def __init__(self, channels: int, widths: tuple[int, ...], legacy: bool) -> None:
        super().__init__()
        self.encoder = HourglassEncoder(channels, widths, legacy)
        self.decoder = HourglassDecoder(channels, widths, legacy)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, D, H, W) → (B, widths[0] + C, D, H, W)."""
        out: Tensor = self.decoder(self.encoder(x))
        return out


class DenseMotionNetwork(nn.Module):
    """Network `generator.dense_motion_network` of the checkpoints."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        channels, depth = architecture.volume
        motions = architecture.keypoints + 1
        self.hourglass = Hourglass(motions * (architecture.compress + 1), architecture.hourglass, architecture.legacy)
        width = self.hourglass.decoder.channels
        self.mask = nn.Conv3d(width, motions, 7, padding=3)
        self.compress = nn.Conv3d(channels, architecture.compress, 1)
        self.norm = nn.BatchNorm3d(architecture.compress)
        self.occlusion = nn.Conv2d(width * depth, 1, 7, padding=3)

    def compressed(self, volume: Tensor) -> Tensor:
        """(B, C, D, H, W) appearance → (B, compress, D, H, W); depends on the source alone."""
        return F.relu(self.norm(self.compress(volume)))

    def forward(self, volume: Tensor, source: Keypoints, driving: Keypoints) -> Motion:
        """Appearance volume and both sets of keypoints, batches of the same length → motion."""
        size = (volume.shape[2], volume.shape[3], volume.shape[4])
        motions = sparse_motions(source, driving, size)
        features = hourglass_input(self.compressed(volume), motions, source, driving)
        prediction = self.hourglass(features)
        mask = self.mask(prediction).softmax(1)
        deformation = torch.einsum("bkdhw,bkdhwi->bdhwi", mask, motions)
        occlusion = torch.sigmoid(self.occlusion(prediction.flatten(1, 2)))
        return Motion(mask, deformation, occlusion)


def hourglass_input(compressed: Tensor, motions: Tensor, source: Keypoints, driving: Keypoints) -> Tensor:
    """(B, c, D, H, W) and (B, K+1, D, H, W, 3) → (B, (K+1)(1+c), D, H, W), motion by motion.

    Of each motion first the heat-map, gaussian(driving) - gaussian(source) and zero for the background, then the
    compressed volume warped by it.
    """
    batch, count, *size = motions.shape[:5]
    shape = (size[0], size[1], size[2])
    heatmap = gaussians(driving.value, shape) - gaussians(source.value, shape)
    heatmap = torch.cat([torch.zeros_like(heatmap[:, :1]), heatmap], 1)[:, :, None]
    repeated = compressed[:, None].expand(-1, count, -1, -1, -1, -1).flatten(0, 1)
    warped = sample_volume(repeated, motions.flatten(0, 1)).view(batch, count, -1, *size)
    return torch.cat([heatmap, warped], 2).flatten(1, 2)
