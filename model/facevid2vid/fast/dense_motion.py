"""The dense-motion network for inference: what depends on the source once, the rest channels-last and folded."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.facevid2vid.architecture import Architecture
from model.facevid2vid.dense_motion import DenseMotionNetwork, Motion
from model.facevid2vid.fast.folding import folded
from model.facevid2vid.fast.layers import Algorithms, DirectConv, pool, trilinear, up_conv
from model.facevid2vid.geometry import Keypoints, coordinate_grid, gaussians, sample_volume, sparse_motions


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What the dense motion and the warp need of a source: batches of one.

    `volume` is (1, C, D, H, W), `compressed` (1, c, D, H, W), `heatmap` the keypoints' gaussians (1, K, D, H, W) and
    `background` the compressed volume under the identity motion.
    """

    keypoints: Keypoints
    volume: Tensor
    compressed: Tensor
    heatmap: Tensor
    background: Tensor


class FastHourglass(nn.Module):
    """Hourglass, mask and occlusion heads: (B, D, H, W, C) → logits (B, D, H, W, K+1) and (B, 1, H, W)."""

    occlusion_bias: Tensor
    occlusion_kernels: Tensor

    def __init__(self, plain: DenseMotionNetwork, architecture: Architecture, algorithms: Algorithms) -> None:
        super().__init__()
        self.legacy = architecture.legacy
        encoder, decoder = plain.hourglass.encoder, plain.hourglass.decoder
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for block in encoder.down_blocks:
            weight, bias = folded(block.conv, block.norm)
            strided = DirectConv(weight, bias, slope=0, stride=(1, 2, 2))
            self.down.append(strided if self.legacy else algorithms.conv(weight, bias, slope=0))
        for block in decoder.up_blocks:
            weight, bias = folded(block.conv, block.norm)
            self.up.append(algorithms.conv(weight, bias, slope=0) if self.legacy else up_conv(weight, bias, slope=0))
        self.last = algorithms.conv(*folded(decoder.conv, decoder.norm), slope=0)
        self.mask = algorithms.mask(*folded(plain.mask))
        weight, bias = folded(plain.occlusion)
        # The head reads (channel, depth) and has one output, which fills a fraction of a vector register: each voxel's
        # share in every neighbour is one matrix product a slice, and scattering the shares turns the kernel round.
        depth, self.size = architecture.volume[1], weight.shape[-1]
        kernels = weight[0].view(-1, depth, self.size, self.size).flip(2, 3).permute(1, 0, 2, 3).flatten(2)
        self.register_buffer("occlusion_kernels", kernels.contiguous())
        self.register_buffer("occlusion_bias", bias.clone())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Features → logits of mask and occlusion."""
        skips = [x]
        for block in self.down:
            x = block(x) if self.legacy else pool(block(x))
            skips.append(x)
        for block, skip in zip(self.up, skips[-2::-1], strict=True):
            x = torch.cat([block(trilinear(x) if self.legacy else x), skip], -1)
        x = self.last(x)
        return self.mask(x), self._occlusion(x)

    def _occlusion(self, x: Tensor) -> Tensor:
        batch, depth, height, width, channels = x.shape
        rows = x.transpose(0, 1).reshape(depth, -1, channels)
        shares = torch.bmm(rows, self.occlusion_kernels).sum(0).view(batch, height * width, -1).mT
        return F.fold(shares, (height, width), self.size, padding=self.size // 2) + self.occlusion_bias


class FastDenseMotion(nn.Module):
    """`DenseMotionNetwork` in evaluation; the same results."""

    def __init__(self, plain: DenseMotionNetwork, architecture: Architecture, algorithms: Algorithms) -> None:
        super().__init__()
        self.compress, self.norm = plain.compress, plain.norm
        self.hourglass = FastHourglass(plain, architecture, algorithms)

    def source(self, volume: Tensor, keypoints: Keypoints) -> Source:
        """Everything about a source, (1, C, D, H, W) and a batch of one, that is needed for every frame."""
        compressed = F.relu(self.norm(self.compress(volume)))
        size = (volume.shape[2], volume.shape[3], volume.shape[4])
        background = sample_volume(compressed, coordinate_grid(size, volume)[None])
        return Source(keypoints, volume, compressed, gaussians(keypoints.value, size), background)

    def forward(self, source: Source, driving: Keypoints) -> Motion:
        """A source and B driving keypoints → motion."""
        size = (source.volume.shape[2], source.volume.shape[3], source.volume.shape[4])
        motions = sparse_motions(source.keypoints, driving, size)
        features = self._features(source, driving, motions)
        mask, occlusion = self.hourglass(features.to(self.hourglass.occlusion_bias.dtype))
        mask = mask.float().softmax(-1)
        deformation = torch.einsum("bdhwk,bkdhwi->bdhwi", mask, motions)
        return Motion(mask.movedim(-1, 1), deformation, torch.sigmoid(occlusion.float()))

    def _features(self, source: Source, driving: Keypoints, motions: Tensor) -> Tensor:
        """The hourglass' input, (B, D, H, W, (K+1)(1+c)); see `dense_motion.hourglass_input`."""
        batch, count, *size = motions.shape[:5]
        channels = source.compressed.shape[1]
        out = motions.new_empty(batch, *size, count, 1 + channels)
        heatmap = gaussians(driving.value, (size[0], size[1], size[2])) - source.heatmap
        out[..., 0, 0] = 0
        out[..., 1:, 0] = heatmap.movedim(1, -1)
        out[..., 0, 1:] = source.background.movedim(1, -1)
        repeated = source.compressed.expand(batch * (count - 1), -1, -1, -1, -1)
        warped = sample_volume(repeated, motions[:, 1:].flatten(0, 1))
        out[..., 1:, 1:] = warped.view(batch, count - 1, channels, *size).permute(0, 3, 4, 5, 1, 2)
        return out.flatten(-2)
