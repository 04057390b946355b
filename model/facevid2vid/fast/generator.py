"""The generator for inference: source work apart, folded, channels-last."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.facevid2vid.architecture import Architecture
from model.facevid2vid.blocks import ResBlock2d
from model.facevid2vid.fast.dense_motion import FastDenseMotion, Source
from model.facevid2vid.fast.folding import folded, scale_and_shift
from model.facevid2vid.fast.layers import Algorithms, DirectConv, PointConv, up_conv
from model.facevid2vid.fast.spade import FastSpadeDecoder
from model.facevid2vid.generator import Generated, Generator
from model.facevid2vid.geometry import Keypoints, warp


class FastGenerator(nn.Module):
    """`Generator` in evaluation; the same results (tests hold it to that).

    The source encoder, which runs once a clip, is the plain generator's own; its other layers are not kept.
    """

    def __init__(self, plain: Generator, architecture: Architecture, algorithms: Algorithms) -> None:
        super().__init__()
        self.first, self.down_blocks, self.second = plain.first, plain.down_blocks, plain.second
        self.resblocks_3d, self.depth = plain.resblocks_3d, plain.depth
        self.dtype = torch.float32
        self.motion = FastDenseMotion(plain.dense_motion_network, architecture, algorithms)
        self.third = algorithms.conv(*folded(plain.third.conv, plain.third.norm), slope=plain.third.slope)
        self.fourth = PointConv(*folded(plain.fourth))
        self.decoder: nn.Module
        if plain.decoder is not None:
            self.decoder = FastSpadeDecoder(plain.decoder, algorithms)
        else:
            self.decoder = FastPlainDecoder(plain, algorithms)

    def narrow(self, dtype: torch.dtype) -> None:
        """Compute what comes after the source encoder in half precision; warps, masks and norms' sums stay float32."""
        for part in (self.motion.hourglass, self.third, self.fourth, self.decoder):
            part.to(dtype)
        self.dtype = dtype

    def source(self, image: Tensor, keypoints: Keypoints) -> Source:
        """A (1, 3, H, W) source image in [0, 1] and its keypoints → all that frames need of them."""
        x = self.first(image)
        for block in self.down_blocks:
            x = block(x)
        features = self.second(x)
        volume = self.resblocks_3d(features.view(1, -1, self.depth, *features.shape[2:]))
        return self.motion.source(volume, keypoints)

    def animate(self, source: Source, driving: Keypoints) -> Generated:
        """A source and B driving keypoints → B images."""
        motion = self.motion(source, driving)
        volume = source.volume.expand(len(driving.value), -1, -1, -1, -1)
        warped = warp(volume, motion.deformation).flatten(1, 2).movedim(1, -1).to(self.dtype).contiguous()
        feature = self.fourth(self.third(warped)) * motion.occlusion.movedim(1, -1).to(self.dtype)
        return Generated(torch.sigmoid(self.decoder(feature).float()), motion)


class FastPlainDecoder(nn.Module):
    """The plain generator's residual and up blocks."""

    def __init__(self, plain: Generator, algorithms: Algorithms) -> None:
        super().__init__()
        self.residual = nn.ModuleList(
            _FastResBlock(cast(ResBlock2d, block), algorithms) for block in plain.resblocks_2d
        )
        self.up = nn.ModuleList(up_conv(*folded(block.conv, block.norm), slope=0) for block in plain.up_blocks)
        self.final = DirectConv(*folded(plain.final))

    def forward(self, feature: Tensor) -> Tensor:
        """(B, H, W, C) → (B, 3, 4H, 4W), to go through a sigmoid."""
        x = feature
        for block in (*self.residual, *self.up):
            x = block(x)
        image: Tensor = self.final(x)
        return image.movedim(-1, 1)


class _FastResBlock(nn.Module):
    """`ResBlock2d`: the second norm is folded into the first convolution; the first stands before an activation."""

    scale: Tensor
    shift: Tensor

    def __init__(self, plain: ResBlock2d, algorithms: Algorithms) -> None:
        super().__init__()
        scale, shift = (values.to(plain.conv1.weight.dtype) for values in scale_and_shift(plain.norm1))
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)
        self.conv_1 = algorithms.conv(*folded(plain.conv1, plain.norm2), slope=0)
        self.conv_2 = algorithms.conv(*folded(plain.conv2))

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, C) → the same."""
        inner: Tensor = self.conv_2(self.conv_1(F.relu(torch.addcmul(self.shift, x, self.scale), inplace=True)))
        return inner.add_(x)
