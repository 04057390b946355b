"""Convolutions over the frames of a stream by minimal filtering: windows that overlap in time share their sums."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from bench.compute.minimal_filtering.transforms import transforms


@dataclass(frozen=True, slots=True, eq=False)
class FrameConvolution:
    """A convolution over `windows` windows of consecutive frames, F(windows, taps) in time, its definition in space.

    The frames are mixed, each mix is convolved in two dimensions, and what comes of it is mixed again: n = windows +
    taps - 1 convolutions where the definition takes windows · taps. No bias, no padding; float32.
    """

    kernels: list[Tensor]
    """n of (K, C, h, w), channels last: transformed along time."""
    of_frames: Tensor
    """(n, n)."""
    of_windows: Tensor
    """(windows, n)."""
    stride: int
    """In space."""

    def mixed(self, frames: Tensor) -> Tensor:
        """(n, C, H, W) frames of any type → (n, 1, C, H, W) mixes of them, channels last."""
        n, channels, height, width = frames.shape
        inner = frames.float().permute(0, 2, 3, 1).reshape(n, -1)
        return (self.of_frames @ inner).view(n, 1, height, width, channels).permute(0, 1, 4, 2, 3)

    def convolved(self, mixes: Tensor) -> Tensor:
        """(n, 1, C, H, W) mixes, or some rows of them → (windows, K, H', W'), channels last."""
        products = [conv2d(mix, kernel, stride=self.stride) for mix, kernel in zip(mixes, self.kernels, strict=True)]
        n, (_, channels, height, width) = len(products), products[0].shape
        stacked = torch.cat(products).permute(0, 2, 3, 1).reshape(n, -1)
        return (self.of_windows @ stacked).view(-1, height, width, channels).permute(0, 3, 1, 2)


def frame_convolution(weight: Tensor, *, windows: int, stride: int, device: torch.device) -> FrameConvolution:
    """Prepare a convolution (K, C, taps, h, w) for `device`."""
    f = transforms(windows, weight.shape[2])
    kernels = torch.einsum("nk,oikhw->noihw", f.of_filter, weight.detach().double()).float()
    return FrameConvolution(
        kernels=[kernel.to(device, memory_format=torch.channels_last) for kernel in kernels],
        of_frames=f.of_signal.float().to(device),
        of_windows=f.of_outputs.float().to(device),
        stride=stride,
    )
