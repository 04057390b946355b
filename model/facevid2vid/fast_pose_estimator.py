"""The pose estimator for inference: norms folded into the convolutions."""

from __future__ import annotations

import copy

import torch
from torch import nn

from model.facevid2vid.folding import folded
from model.facevid2vid.pose_estimator import Bottleneck, PoseEstimator


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
