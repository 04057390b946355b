"""The SPADE decoder for inference.

What is the same in every layer is done once: all hidden maps that modulate the middle blocks are one convolution of the
feature; those of the up blocks one convolution of the feature's low-resolution map. Instance norms are taken before
up-sampling, which changes neither mean nor variance. Where a modulated map only goes through a 1×1 convolution, the
shift goes through it as weights: `W (x (1 + gamma) + beta) = W (x (1 + gamma)) + (W beta)`. Arrays are channels-last.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.facevid2vid.folding import folded, normalised
from model.facevid2vid.layers import Algorithms, DirectConv, OnMaps
from model.facevid2vid.nearest import NearestConv
from model.facevid2vid.spade import SLOPE, SpadeBlock, SpadeDecoder, SpadeNorm


class FastSpadeDecoder(nn.Module):
    """`SpadeDecoder` in evaluation; the same results."""

    def __init__(self, plain: SpadeDecoder, algorithms: Algorithms) -> None:
        super().__init__()
        blocks = [cast(SpadeBlock, plain.get_submodule(f"G_middle_{index}")) for index in range(plain.middle_blocks)]
        norms = [norm for block in blocks for norm in (block.norm_0, block.norm_1)]
        self.fc = algorithms.conv(*folded(plain.fc))
        self.hidden = algorithms.conv(*_hidden(norms), slope=0)
        self.middle = nn.ModuleList(_MiddleBlock(block, algorithms) for block in blocks)
        self.up_0 = _UpBlock(plain.up_0, 2, algorithms)
        self.up_1 = _UpBlock(plain.up_1, 4, algorithms)
        self.image = DirectConv(*folded(plain.conv_img))

    def forward(self, feature: Tensor) -> Tensor:
        """(B, H, W, S) occluded feature → (B, 3, 4H, 4W), to go through a sigmoid."""
        x = self.fc(feature)
        hidden = self.hidden(feature).chunk(2 * len(self.middle), -1)
        for index, block in enumerate(self.middle):
            x = block(x, hidden[2 * index], hidden[2 * index + 1])
        x = self.up_1(self.up_0(x, feature), feature)
        image: Tensor = self.image(F.leaky_relu(x, SLOPE, inplace=True))
        return image.movedim(-1, 1)


class _MiddleBlock(nn.Module):
    """A residual block without a learnt skip."""

    def __init__(self, plain: SpadeBlock, algorithms: Algorithms) -> None:
        super().__init__()
        self.modulation_0 = algorithms.conv(*_modulation(plain.norm_0))
        self.modulation_1 = algorithms.conv(*_modulation(plain.norm_1))
        self.conv_0 = algorithms.conv(*normalised(plain.conv_0))
        self.conv_1 = algorithms.conv(*normalised(plain.conv_1))

    def forward(self, x: Tensor, hidden_0: Tensor, hidden_1: Tensor) -> Tensor:
        """(B, H, W, C) → the same."""
        inner: Tensor = self.conv_0(_modulated(_instance_norm(x), self.modulation_0(hidden_0)))
        inner = self.conv_1(_modulated(_instance_norm(inner), self.modulation_1(hidden_1)))
        return inner.add_(x)


class _UpBlock(nn.Module):
    """Up-sampling by two and a residual block with a learnt skip; its output is `factor` times the feature's size."""

    skip: Tensor

    def __init__(self, plain: SpadeBlock, factor: int, algorithms: Algorithms) -> None:
        super().__init__()
        norms = (plain.norm_0, plain.norm_1, plain.norm_s)
        self.hidden = nn.ModuleList(OnMaps(NearestConv(*_hidden([norm]), factor=factor, slope=0)) for norm in norms)
        self.modulation_0 = algorithms.conv(*_modulation(plain.norm_0))
        self.modulation_1 = algorithms.conv(*_modulation(plain.norm_1))
        self.conv_0 = algorithms.conv(*normalised(plain.conv_0))
        self.conv_1 = algorithms.conv(*normalised(plain.conv_1))
        matrix = normalised(plain.conv_s)[0].flatten(1)
        weight, bias = _modulation(plain.norm_s)
        channels = matrix.shape[1]
        through = torch.einsum("kc,chij->khij", matrix.double(), weight[channels:].double())
        shift = matrix.double() @ bias[channels:].double()
        self.modulation_s = algorithms.conv(
            torch.cat([weight[:channels], through.to(weight.dtype)]), torch.cat([bias[:channels], shift.to(bias.dtype)])
        )
        self.register_buffer("skip", matrix.t().contiguous())

    def forward(self, x: Tensor, feature: Tensor) -> Tensor:
        """(B, H, W, C) and the feature → (B, 2H, 2W, K)."""
        hidden_0, hidden_1, hidden_s = self.hidden
        normed = _instance_norm(x)[:, :, None, :, None]
        channels = len(self.skip)
        modulation: Tensor = self.modulation_s(hidden_s(feature))
        gamma, out = modulation[..., :channels], modulation[..., channels:]
        out = out + (_blocks(gamma) * normed).view(gamma.shape) @ self.skip
        del modulation, gamma
        modulation = self.modulation_0(hidden_0(feature))
        inner = self.conv_0(_modulated(normed, modulation))
        del modulation
        inner = self.conv_1(_modulated(_instance_norm(inner), self.modulation_1(hidden_1(feature))))
        return out.add_(inner)


def _hidden(norms: list[SpadeNorm]) -> tuple[Tensor, Tensor]:
    """Weight and bias of the shared convolutions of several norms, as one."""
    parts = [folded(norm.mlp_shared[0]) for norm in norms]
    return torch.cat([weight for weight, _ in parts]), torch.cat([bias for _, bias in parts])


def _modulation(norm: SpadeNorm) -> tuple[Tensor, Tensor]:
    """Weight and bias that give `1 + gamma` and `beta`, one behind the other."""
    (gamma, one), (beta, shift) = folded(norm.mlp_gamma), folded(norm.mlp_beta)
    return torch.cat([gamma, beta]), torch.cat([1 + one, shift])


def _modulated(normed: Tensor, modulation: Tensor) -> Tensor:
    """`normed` (B, H, W, C), or (B, H, 1, W, 1, C) to up-sample by two, modulated and through the leaky ReLU."""
    gamma, beta = modulation.chunk(2, -1)
    if normed.ndim == 6:
        out = torch.addcmul(_blocks(beta), normed, _blocks(gamma)).view(gamma.shape)
    else:
        out = torch.addcmul(beta, normed, gamma)
    return F.leaky_relu(out, SLOPE, inplace=True)


def _blocks(x: Tensor) -> Tensor:
    """(B, 2H, 2W, C) → (B, H, 2, W, 2, C)."""
    batch, height, width, channels = x.shape
    return x.view(batch, height // 2, 2, width // 2, 2, channels)


def _instance_norm(x: Tensor) -> Tensor:
    """(B, H, W, C) → mean 0 and variance 1 over height and width."""
    variance, mean = torch.var_mean(x.float(), (1, 2), correction=0, keepdim=True)
    scale = torch.rsqrt(variance + 1e-5)
    return torch.addcmul((-mean * scale).to(x.dtype), x, scale.to(x.dtype))
