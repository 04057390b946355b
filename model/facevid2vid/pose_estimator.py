"""Head-pose and expression estimator: a bottleneck residual network with five linear heads."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from model.facevid2vid.architecture import Architecture
from model.facevid2vid.geometry import degrees_from_bins


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Head pose and expression of B faces.

    `yaw`, `pitch`, `roll` are (B,) degrees, `translation` is (B, 3), `expression` (B, K, 3). The (B, bins)
    logits behind the angles are kept for training losses.
    """

    yaw: Tensor
    pitch: Tensor
    roll: Tensor
    translation: Tensor
    expression: Tensor
    logits: tuple[Tensor, Tensor, Tensor]


class Bottleneck(nn.Module):
    """1×1, 3×3, 1×1 convolutions to a quarter of the width and back, batch norm after each, plus the input, ReLU.

    With a stride, the 3×3 convolution and a projection of the input carry it.
    """

    def __init__(self, channels: int, stride: int = 1) -> None:
        super().__init__()
        inner = channels // 4
        self.conv1 = nn.Conv2d(channels, inner, 1)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride=stride, padding=1)
        self.conv3 = nn.Conv2d(inner, channels, 1)
        self.norm1 = nn.BatchNorm2d(inner)
        self.norm2 = nn.BatchNorm2d(inner)
        self.norm3 = nn.BatchNorm2d(channels)
        self.strided = stride != 1
        if self.strided:
            self.skip = nn.Conv2d(channels, channels, 1, stride=stride)
            self.norm4 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, C, H/stride, W/stride)."""
        inner = F.relu(self.norm1(self.conv1(x)))
        inner = F.relu(self.norm2(self.conv2(inner)))
        inner = self.norm3(self.conv3(inner))
        return F.relu(inner + (self.norm4(self.skip(x)) if self.strided else x))


class PoseEstimator(nn.Module):
    """Network `he_estimator` of the checkpoints.

    The public code names two heads crosswise: the layer `fc_roll` gives yaw and `fc_yaw` gives roll. Checkpoints were
    trained that way, so it is kept.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        stem, bins = architecture.pose, architecture.bins
        widths = [stem * factor for factor in (4, 8, 16, 32)]
        self.conv1 = nn.Conv2d(3, stem, 7, stride=2, padding=3)
        self.norm1 = nn.BatchNorm2d(stem)
        self.conv2 = nn.Conv2d(stem, widths[0], 1)
        self.norm2 = nn.BatchNorm2d(widths[0])
        self.block1 = _stage("b1", widths[0], 3)
        self.conv3 = nn.Conv2d(widths[0], widths[1], 1)
        self.norm3 = nn.BatchNorm2d(widths[1])
        self.block2 = Bottleneck(widths[1], stride=2)
        self.block3 = _stage("b3", widths[1], 3)
        self.conv4 = nn.Conv2d(widths[1], widths[2], 1)
        self.norm4 = nn.BatchNorm2d(widths[2])
        self.block4 = Bottleneck(widths[2], stride=2)
        self.block5 = _stage("b5", widths[2], 5)
        self.conv5 = nn.Conv2d(widths[2], widths[3], 1)
        self.norm5 = nn.BatchNorm2d(widths[3])
        self.block6 = Bottleneck(widths[3], stride=2)
        self.block7 = _stage("b7", widths[3], 2)
        self.fc_roll = nn.Linear(widths[3], bins)
        self.fc_pitch = nn.Linear(widths[3], bins)
        self.fc_yaw = nn.Linear(widths[3], bins)
        self.fc_t = nn.Linear(widths[3], 3)
        self.fc_exp = nn.Linear(widths[3], 3 * architecture.keypoints)

    def forward(self, image: Tensor) -> Pose:
        """(B, 3, H, W) in [0, 1] → the pose of B faces."""
        x = F.relu(self.norm1(self.conv1(image)))
        x = F.max_pool2d(x, 3, stride=2, padding=1)
        x = self.block1(F.relu(self.norm2(self.conv2(x))))
        x = self.block3(self.block2(F.relu(self.norm3(self.conv3(x)))))
        x = self.block5(self.block4(F.relu(self.norm4(self.conv4(x)))))
        x = self.block7(self.block6(F.relu(self.norm5(self.conv5(x)))))
        x = x.mean((2, 3))
        yaw, pitch, roll = self.fc_roll(x), self.fc_pitch(x), self.fc_yaw(x)
        return Pose(
            yaw=degrees_from_bins(yaw),
            pitch=degrees_from_bins(pitch),
            roll=degrees_from_bins(roll),
            translation=self.fc_t(x),
            expression=self.fc_exp(x).unflatten(1, (-1, 3)),
            logits=(yaw, pitch, roll),
        )


def _stage(prefix: str, channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(OrderedDict((f"{prefix}_{index}", Bottleneck(channels)) for index in range(count)))
