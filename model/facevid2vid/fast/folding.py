"""Weights of the plain networks, made ready for the fast ones: norms folded, spectral estimates divided in.

What `nn.Module` gives back by name is typed as a tensor or a module; the functions here narrow it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from model.facevid2vid.blocks import SpectralConv2d


def scale_and_shift(norm: Tensor | nn.Module) -> tuple[Tensor, Tensor]:
    """Batch norm in evaluation is `x scale + shift`; both (C,), float64."""
    assert isinstance(norm, nn.BatchNorm2d | nn.BatchNorm3d)
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    return scale, norm.bias.double() - norm.running_mean.double() * scale


def folded(conv: Tensor | nn.Module, norm: Tensor | nn.Module | None = None) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution, with the batch norm behind it if there is one."""
    assert isinstance(conv, nn.Conv2d | nn.Conv3d)
    weight, bias = conv.weight.detach(), conv.bias
    assert bias is not None
    if norm is None:
        return weight, bias.detach()
    scale, shift = scale_and_shift(norm)
    dtype = weight.dtype
    spread = scale.view(-1, *[1] * (weight.ndim - 1))
    return (weight.double() * spread).to(dtype), (bias.detach().double() * scale + shift).to(dtype)


def normalised(conv: SpectralConv2d) -> tuple[Tensor, Tensor]:
    """Effective weight and bias of a spectrally normalised convolution in evaluation; no bias is zero."""
    assert not conv.training
    weight = conv.weight().detach()
    return weight, weight.new_zeros(len(weight)) if conv.bias is None else conv.bias.detach()
