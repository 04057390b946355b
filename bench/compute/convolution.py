"""Convolutions for inference: batch norm folded in, ReLU fused, weights laid out once for the processor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

# Weights are laid out for inputs of about this many frames; others work too.
_LAYOUT_BATCH = 8


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """A 2-d convolution, optionally followed by ReLU: (T, C, H, W) → (T, K, H', W'), float32, channels last.

    On a CPU with oneDNN the weights may be `packed`: kept in the processor's own blocked layout, and the ReLU runs
    inside the convolution. The sums are the same; only the memory traffic is less.
    """

    weight: Tensor
    bias: Tensor
    stride: int
    padding: tuple[int, int]
    rectify: bool
    packed: bool

    def __call__(self, x: Tensor) -> Tensor:
        """Convolve."""
        stride = (self.stride, self.stride)
        if self.packed:
            post = "relu" if self.rectify else "none"
            return cast(
                Tensor,
                torch.ops.mkldnn._convolution_pointwise(
                    x, self.weight, self.bias, self.padding, stride, (1, 1), 1, post, [], ""
                ),
            )
        y = F.conv2d(x, self.weight, self.bias, stride, self.padding)
        return y.relu_() if self.rectify else y


def convolution(
    weight: Tensor,
    bias: Tensor,
    *,
    device: torch.device,
    size: tuple[int, int],
    stride: int = 1,
    padding: tuple[int, int] = (0, 0),
    rectify: bool = True,
) -> Convolution:
    """Prepare a convolution for `device`; `size` is the height and width of the inputs that it will mostly see."""
    weight = weight.detach().to(device, torch.float32).contiguous(memory_format=torch.channels_last)
    bias = bias.detach().to(device, torch.float32).contiguous()
    packed = device.type == "cpu" and can_pack()
    if packed:
        shape = (_LAYOUT_BATCH, weight.shape[1], *size)
        weight = torch.ops.mkldnn._reorder_convolution_weight(weight, padding, (stride, stride), (1, 1), 1, shape)
    return Convolution(weight, bias, stride, padding, rectify, packed)


def can_pack() -> bool:
    """Whether this torch has the fused oneDNN convolution (its own compiler's; without it, the plain one serves)."""
    return bool(torch.backends.mkldnn.is_available()) and all(
        hasattr(torch.ops.mkldnn, name) for name in ("_convolution_pointwise", "_reorder_convolution_weight")
    )


def fold_batch_norm(
    weight: Tensor, scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor, *, eps: float
) -> tuple[Tensor, Tensor]:
    """Weight and bias of the convolution that equals a bias-free one followed by batch norm in eval mode.

    Computed in float64, so that folding loses nothing that float32 has.
    """
    gain = scale.double() / torch.sqrt(variance.double() + eps)
    folded = weight.double() * gain[:, None, None, None]
    return folded, shift.double() - mean.double() * gain


def merged(parts: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Convolutions of one input as a single one whose outputs stand side by side."""
    return torch.cat([weight for weight, _ in parts]), torch.cat([bias for _, bias in parts])
