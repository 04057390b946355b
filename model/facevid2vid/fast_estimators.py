"""Keypoint detector and pose estimator for inference: norms folded, up-sampling at low resolution."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from model.facevid2vid.architecture import Architecture
from model.facevid2vid.folding import folded
from model.facevid2vid.geometry import Keypoints
from model.facevid2vid.keypoint_detector import KeypointDetector, keypoints_of
from model.facevid2vid.layers import Algorithms, DirectConv, PointConv, pool, trilinear, up_conv
from model.facevid2vid.pose_estimator import Bottleneck, PoseEstimator


class FastKeypointDetector(nn.Module):
    """`KeypointDetector` in evaluation; the same results."""

    def __init__(self, plain: KeypointDetector, architecture: Architecture, algorithms: Algorithms) -> None:
        super().__init__()
        self.legacy, self.temperature = architecture.legacy, plain.temperature
        self.shrink = plain.down
        self.depth = plain.predictor.depth
        self.down = nn.ModuleList(
            DirectConv(*folded(block.conv, block.norm), slope=0) for block in plain.predictor.down_blocks
        )
        self.widen = PointConv(*folded(plain.predictor.conv))
        self.up = nn.ModuleList()
        for block in plain.predictor.up_blocks:
            weight, bias = folded(block.conv, block.norm)
            self.up.append(algorithms.conv(weight, bias, slope=0) if self.legacy else up_conv(weight, bias, slope=0))
        heads = [folded(head) for head in (plain.kp, plain.jacobian) if head is not None]
        self.heads = algorithms.conv(torch.cat([weight for weight, _ in heads]), torch.cat([bias for _, bias in heads]))
        self.count = len(plain.kp.weight)

    def forward(self, image: Tensor) -> Keypoints:
        """(B, 3, H, W) in [0, 1] → canonical keypoints."""
        if self.shrink is not None:
            image = self.shrink(image)
        x = image.movedim(1, -1).contiguous()
        for block in self.down:
            x = pool(block(x))
        # Channels are (feature, depth).
        x = self.widen(x).unflatten(-1, (-1, self.depth)).movedim(-1, 1).contiguous()
        for block in self.up:
            x = block(trilinear(x) if self.legacy else x)
        maps = self.heads(x).movedim(-1, 1)
        return keypoints_of(maps[:, : self.count].contiguous(), maps[:, self.count :], self.temperature)


def fast_pose_estimator(plain: PoseEstimator) -> PoseEstimator:
    """A copy whose batch norms are folded into the convolutions before them."""
    fast = copy.deepcopy(plain)
    for module in fast.modules():
        if isinstance(module, PoseEstimator | Bottleneck):
            for name, conv in list(module.named_children()):
                norm = "norm4" if name == "skip" else name.replace("conv", "norm")
                if isinstance(conv, nn.Conv2d):
                    weight, bias = folded(conv, getattr(module, norm))
                    conv.weight, conv.bias = nn.Parameter(weight), nn.Parameter(bias)
                    setattr(module, norm, nn.Identity())
    return fast.requires_grad_(False).to(memory_format=torch.channels_last)
