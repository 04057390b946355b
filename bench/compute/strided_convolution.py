"""Strided convolutions of few channels as dense ones of many: blocks of pixels become channels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.compute.convolution import Convolution, convolution


@dataclass(frozen=True, slots=True, eq=False)
class FoldedConvolution:
    """A convolution of stride s with ReLU on the CPU: (T, C, H, W) → (T, K, H', W'), float32, channels last.

    Every s × s block of pixels is one place with s² C channels, and the weights, filled up with zeros to whole blocks,
    are a convolution of stride 1 over them. The sums are the same; three channels alone leave most of a processor idle.
    """

    dense: Convolution
    taps: int
    stride: int
    padding: int

    def __call__(self, x: Tensor) -> Tensor:
        """Convolve."""
        frames, channels, *size = x.shape
        # Places of the dense convolution's input in each direction: its outputs and what its weights reach beyond.
        reach = -(-self.taps // self.stride) - 1
        rows, columns = ((side + 2 * self.padding - self.taps) // self.stride + 1 + reach for side in size)
        bottom, right = (
            places * self.stride - side - self.padding for places, side in zip((rows, columns), size, strict=True)
        )
        padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, self.padding, right, self.padding, bottom))
        blocks = padded.view(frames, rows, self.stride, columns, self.stride, channels).permute(0, 1, 3, 2, 4, 5)
        return self.dense(blocks.reshape(frames, rows, columns, -1).permute(0, 3, 1, 2))


def folding_pays() -> bool:
    """Whether folding is the faster here: with AVX-512 oneDNN's own kernel for few channels is, by a quarter."""
    return torch.backends.cpu.get_cpu_capability() != "AVX512"


def folded_convolution(
    weight: Tensor, bias: Tensor, *, stride: int, padding: int, size: tuple[int, int]
) -> FoldedConvolution:
    """Prepare a convolution (K, C, taps, taps); `size` is the height and width of inputs that it will mostly see."""
    outputs, inputs, taps, _ = weight.shape
    places = -(-taps // stride)
    fill = places * stride - taps
    whole = F.pad(weight.detach(), (0, fill, 0, fill)).view(outputs, inputs, places, stride, places, stride)
    folded = whole.permute(0, 3, 5, 1, 2, 4).reshape(outputs, stride * stride * inputs, places, places)
    height, width = (side // stride + 1 for side in size)
    dense = convolution(folded, bias, device=torch.device("cpu"), size=(height, width))
    return FoldedConvolution(dense, taps, stride, padding)
