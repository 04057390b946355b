"""Layers of the fast networks: channels-last, norm folded in, the algorithm chosen for the device.

Arrays are (B, D, H, W, C) for volumes and (B, H, W, C) for maps; both go through the same layers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn
from torch.nn import functional as F

from bench.compute.minimal_filtering.chunked_convolution import ChunkedConvolution
from model.facevid2vid.fast.fourier import FourierConv3d
from model.facevid2vid.fast.nearest import NearestConv


@dataclass(frozen=True, slots=True)
class Algorithms:
    """Which algorithms convolutions use where there is a choice.

    `minimal`: Winograd's and Fourier's, which pay on a CPU in float32; otherwise the library's own convolution.
    """

    minimal: bool

    def conv(self, weight: Tensor, bias: Tensor, *, slope: float = 1.0) -> nn.Module:
        """3×3 or 3×3×3 convolution, zero padding of one, leaky ReLU (slope 1: none)."""
        if self.minimal:
            return OnMaps(ChunkedConvolution(weight, bias, slope=slope))
        return DirectConv(weight, bias, slope=slope)

    def banded(self, weight: Tensor, bias: Tensor) -> Banded:
        """3×3 convolution of a map of even size, in bands of rows."""
        return ChunkedConvolution(weight, bias) if self.minimal else BandedDirect(weight, bias)

    def mask(self, weight: Tensor, bias: Tensor) -> nn.Module:
        """Large cubic kernel, zero padding of half of it."""
        return FourierConv3d(weight, bias) if self.minimal else DirectConv(weight, bias)


def up_conv(weight: Tensor, bias: Tensor, *, slope: float = 1.0) -> nn.Module:
    """Nearest up-sampling by two, then as `Algorithms.conv`."""
    return OnMaps(NearestConv(weight, bias, slope=slope))


class OnMaps(nn.Module):
    """A layer on volumes that also takes maps, as volumes of depth one."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """(B, [D,] H, W, C) → (B, [D,] H', W', K)."""
        out: Tensor = self.layer(x) if x.ndim == 5 else self.layer(x[:, None])[:, 0]
        return out


class DirectConv(nn.Module):
    """The library's convolution with an odd kernel, zero padding of half of it, leaky ReLU."""

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, *, slope: float = 1.0, stride: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.slope, self.stride = slope, stride or (1,) * (weight.ndim - 2)
        self.padding = tuple(size // 2 for size in weight.shape[2:])
        # Channels last in memory, as the arrays are.
        self.register_buffer("weight", weight.movedim(1, -1).contiguous().movedim(-1, 1))
        self.register_buffer("bias", bias.clone())

    def forward(self, x: Tensor) -> Tensor:
        """(B, [D,] H, W, C) → (B, [D,] H', W', K)."""
        conv = F.conv2d if self.weight.ndim == 4 else F.conv3d
        out = conv(x.movedim(-1, 1), self.weight, self.bias, stride=self.stride, padding=self.padding)
        if self.slope != 1.0:
            out = F.leaky_relu(out, self.slope, inplace=True)
        return out.movedim(1, -1)


class Banded(Protocol):
    """A convolution whose output comes in bands of rows, each to be used up before the next."""

    def bands(self, x: Tensor) -> Iterator[tuple[int, slice, Tensor]]:
        """(B, H, W, C) → sample, rows and their (n, W, K) values."""


class BandedDirect(DirectConv):
    """Each sample is one band."""

    def bands(self, x: Tensor) -> Iterator[tuple[int, slice, Tensor]]:
        """(B, H, W, C) → sample, all rows and their (H, W, K) values."""
        for sample, whole in enumerate(self(x)):
            yield sample, slice(None), whole


class PointConv(nn.Module):
    """1×1 convolution: a matrix product over channels, leaky ReLU."""

    matrix: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, *, slope: float = 1.0) -> None:
        super().__init__()
        self.slope = slope
        self.register_buffer("matrix", weight.flatten(1).clone())
        self.register_buffer("bias", bias.clone())

    def forward(self, x: Tensor) -> Tensor:
        """(…, C) → (…, K)."""
        out = F.linear(x, self.matrix, self.bias)
        return out if self.slope == 1.0 else F.leaky_relu(out, self.slope, inplace=True)


def pool(x: Tensor) -> Tensor:
    """(B, [D,] H, W, C) → (B, [D,] H/2, W/2, C), means of 2×2."""
    rows = x[..., 0::2, :, :] + x[..., 1::2, :, :]
    return (rows[..., 0::2, :] + rows[..., 1::2, :]).mul_(0.25)


def trilinear(x: Tensor) -> Tensor:
    """(B, D, H, W, C) → (B, D, 2H, 2W, C), linear between pixel centres."""
    up = F.interpolate(x.movedim(-1, 1), scale_factor=(1, 2, 2), mode="trilinear")
    return up.movedim(1, -1)
