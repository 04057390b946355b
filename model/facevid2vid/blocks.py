"""Building blocks that the face-vid2vid networks share, in the plain form that fixes their meaning.

Names of sub-modules are those of the public checkpoints. Convolutions pad with zeros to the input's size; 3-D blocks
change height and width only.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class DownBlock2d(nn.Module):
    """3×3 convolution, batch norm, ReLU, 2×2 average pooling."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, 3, padding=1)
        self.norm = nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, out, H/2, W/2)."""
        return F.avg_pool2d(F.relu(self.norm(self.conv(x))), 2)


class UpBlock2d(nn.Module):
    """Nearest up-sampling by 2, 3×3 convolution, batch norm, ReLU."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, 3, padding=1)
        self.norm = nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, out, 2H, 2W)."""
        return F.relu(self.norm(self.conv(F.interpolate(x, scale_factor=2))))


class DownBlock3d(nn.Module):
    """3×3×3 convolution, batch norm, ReLU, (1, 2, 2) average pooling; legacy strides the convolution instead."""

    def __init__(self, channels: int, out: int, legacy: bool) -> None:
        super().__init__()
        self.legacy = legacy
        self.conv = nn.Conv3d(channels, out, 3, padding=1, stride=(1, 2, 2) if legacy else 1)
        self.norm = nn.BatchNorm3d(out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, D, H, W) → (B, out, D, H/2, W/2)."""
        x = F.relu(self.norm(self.conv(x)))
        return x if self.legacy else F.avg_pool3d(x, (1, 2, 2))


class UpBlock3d(nn.Module):
    """Nearest up-sampling by (1, 2, 2), trilinear in the legacy form, then 3×3×3 convolution, batch norm, ReLU."""

    def __init__(self, channels: int, out: int, legacy: bool) -> None:
        super().__init__()
        self.mode = "trilinear" if legacy else "nearest"
        self.conv = nn.Conv3d(channels, out, 3, padding=1)
        self.norm = nn.BatchNorm3d(out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, D, H, W) → (B, out, D, 2H, 2W)."""
        x = F.interpolate(x, scale_factor=(1, 2, 2), mode=self.mode)
        return F.relu(self.norm(self.conv(x)))


class SameBlock2d(nn.Module):
    """Convolution, batch norm, ReLU or LeakyReLU (slope 0.01)."""

    def __init__(self, channels: int, out: int, kernel: int, slope: float = 0.0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel, padding=kernel // 2)
        self.norm = nn.BatchNorm2d(out)
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, out, H, W)."""
        return F.leaky_relu(self.norm(self.conv(x)), self.slope)


class ResBlock2d(nn.Module):
    """Pre-activation residual block: (batch norm, ReLU, 3×3 convolution) twice, plus the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(channels)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → the same."""
        residual: Tensor = self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x))))))
        return x + residual


class ResBlock3d(nn.Module):
    """`ResBlock2d` with 3×3×3 convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv3d(channels, channels, 3, padding=1)
        self.norm1 = nn.BatchNorm3d(channels)
        self.norm2 = nn.BatchNorm3d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, D, H, W) → the same."""
        residual: Tensor = self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x))))))
        return x + residual


class SpectralConv2d(nn.Module):
    """2-D convolution whose weight is divided by an estimate of its largest singular value.

    With W the weight as an (out, rest) matrix, the effective weight is `weight_orig / (uᵀ W v)`. Training makes one
    power iteration per call and keeps the vectors; evaluation uses the stored ones (Miyato et al. 2018, Algorithm 1).
    """

    weight_u: Tensor
    weight_v: Tensor

    def __init__(self, channels: int, out: int, kernel: int, padding: int = 0, bias: bool = True) -> None:
        super().__init__()
        plain = nn.Conv2d(channels, out, kernel, bias=bias)
        self.padding = padding
        self.bias = plain.bias
        self.weight_orig = nn.Parameter(plain.weight.detach())
        self.register_buffer("weight_u", F.normalize(torch.randn(out), dim=0))
        self.register_buffer("weight_v", F.normalize(torch.randn(channels * kernel * kernel), dim=0))

    def weight(self) -> Tensor:
        """The effective (out, C, k, k) weight; in training after one power iteration."""
        matrix = self.weight_orig.flatten(1)
        if self.training:
            with torch.no_grad():
                self.weight_v = F.normalize(matrix.t() @ self.weight_u, dim=0, eps=1e-12)
                self.weight_u = F.normalize(matrix @ self.weight_v, dim=0, eps=1e-12)
        return self.weight_orig / (self.weight_u @ (matrix @ self.weight_v))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, out, H', W')."""
        return F.conv2d(x, self.weight(), self.bias, padding=self.padding)


class AntiAliasing(nn.Module):
    """Gaussian low pass and sampling of every `shrink`-th pixel from index 0.

    Sigma is `(shrink - 1) / 2`, the kernel `2 round(4 sigma) + 1` wide, the border zero.
    """

    weight: Tensor

    def __init__(self, channels: int, shrink: int) -> None:
        super().__init__()
        self.shrink = shrink
        self.register_buffer("weight", gaussian_kernel(shrink).expand(channels, 1, -1, -1).clone())

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, C, H/shrink, W/shrink)."""
        pad = self.weight.shape[-1] // 2
        return F.conv2d(x, self.weight, stride=self.shrink, padding=pad, groups=x.shape[1])


def gaussian_kernel(shrink: int) -> Tensor:
    """The normalised (n, n) float32 kernel of `AntiAliasing`."""
    sigma = (shrink - 1) / 2
    radius = round(4 * sigma)
    offsets = torch.arange(-radius, radius + 1, dtype=torch.float64)
    line = torch.exp(-(offsets**2) / (2 * sigma**2))
    kernel = torch.outer(line, line)
    return (kernel / kernel.sum()).float()
