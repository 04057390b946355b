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

from model.facevid2vid.blocks import SpectralConv2d
from model.facevid2vid.fast.folding import folded, normalised
from model.facevid2vid.fast.layers import Algorithms, DirectConv, OnMaps
from model.facevid2vid.fast.nearest import NearestConv
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


class _Modulation(nn.Module):
    """A SPADE norm behind its hidden map, and the leaky ReLU: `F.leaky_relu(norm(x) (1 + gamma) + beta)`."""

    def __init__(self, norm: SpadeNorm, algorithms: Algorithms) -> None:
        super().__init__()
        self.conv = algorithms.banded(*_modulation(norm))

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """(B, H, W, C) and the hidden map (B, H, W, h), or twice as large to up-sample → (B, H, W, C) of its size."""
        scale, shift = _instance_norm(x)
        out = x.new_empty(*hidden.shape[:3], x.shape[-1])
        for sample, rows, band in self.conv.bands(hidden):
            gamma, beta = band.chunk(2, -1)
            target = out[sample, rows]
            normed = _normed(x[sample], rows, scale[sample], shift[sample], gamma)
            torch.addcmul(_blocks(beta, normed), normed, _blocks(gamma, normed), out=_blocks(target, normed))
            F.leaky_relu(target, SLOPE, inplace=True)
        return out


class _Skip(nn.Module):
    """A SPADE norm behind its hidden map and the 1×1 convolution of the skip branch."""

    matrix: Tensor

    def __init__(self, norm: SpadeNorm, conv: SpectralConv2d, algorithms: Algorithms) -> None:
        super().__init__()
        matrix = normalised(conv)[0].flatten(1)
        weight, bias = _modulation(norm)
        channels = matrix.shape[1]
        through = torch.einsum("kc,chij->khij", matrix.double(), weight[channels:].double()).to(weight.dtype)
        shift = (matrix.double() @ bias[channels:].double()).to(bias.dtype)
        self.conv = algorithms.banded(torch.cat([weight[:channels], through]), torch.cat([bias[:channels], shift]))
        self.register_buffer("matrix", matrix.t().contiguous())

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """(B, H, W, C) and the hidden map (B, 2H, 2W, h) → (B, 2H, 2W, K)."""
        scale, shift = _instance_norm(x)
        channels, out_channels = self.matrix.shape
        out = x.new_empty(*hidden.shape[:3], out_channels)
        for sample, rows, band in self.conv.bands(hidden):
            gamma, beta = band[..., :channels], band[..., channels:]
            normed = _normed(x[sample], rows, scale[sample], shift[sample], gamma)
            modulated = (_blocks(gamma, normed) * normed).view(*gamma.shape)
            torch.add(beta, modulated @ self.matrix, out=out[sample, rows])
        return out


class _MiddleBlock(nn.Module):
    """A residual block without a learnt skip."""

    def __init__(self, plain: SpadeBlock, algorithms: Algorithms) -> None:
        super().__init__()
        self.norm_0, self.norm_1 = _Modulation(plain.norm_0, algorithms), _Modulation(plain.norm_1, algorithms)
        self.conv_0 = algorithms.conv(*normalised(plain.conv_0))
        self.conv_1 = algorithms.conv(*normalised(plain.conv_1))

    def forward(self, x: Tensor, hidden_0: Tensor, hidden_1: Tensor) -> Tensor:
        """(B, H, W, C) → the same."""
        inner: Tensor = self.conv_0(self.norm_0(x, hidden_0))
        inner = self.conv_1(self.norm_1(inner, hidden_1))
        return x + inner


class _UpBlock(nn.Module):
    """Up-sampling by two and a residual block with a learnt skip; its output is `factor` times the feature's size."""

    def __init__(self, plain: SpadeBlock, factor: int, algorithms: Algorithms) -> None:
        super().__init__()
        self.hidden = nn.ModuleList(
            OnMaps(NearestConv(*_hidden([norm]), factor=factor, slope=0))
            for norm in (plain.norm_0, plain.norm_1, plain.norm_s)
        )
        self.skip = _Skip(plain.norm_s, plain.conv_s, algorithms)
        self.norm_0, self.norm_1 = _Modulation(plain.norm_0, algorithms), _Modulation(plain.norm_1, algorithms)
        self.conv_0 = algorithms.conv(*normalised(plain.conv_0))
        self.conv_1 = algorithms.conv(*normalised(plain.conv_1))

    def forward(self, x: Tensor, feature: Tensor) -> Tensor:
        """(B, H, W, C) and the feature → (B, 2H, 2W, K)."""
        hidden_0, hidden_1, hidden_s = self.hidden
        inner = self.conv_0(self.norm_0(x, hidden_0(feature)))
        inner = self.conv_1(self.norm_1(inner, hidden_1(feature)))
        skip: Tensor = self.skip(x, hidden_s(feature))
        return skip.add_(inner)


def _hidden(norms: list[SpadeNorm]) -> tuple[Tensor, Tensor]:
    """Weight and bias of the shared convolutions of several norms, as one."""
    parts = [folded(norm.mlp_shared[0]) for norm in norms]
    return torch.cat([weight for weight, _ in parts]), torch.cat([bias for _, bias in parts])


def _modulation(norm: SpadeNorm) -> tuple[Tensor, Tensor]:
    """Weight and bias that give `1 + gamma` and `beta`, one behind the other."""
    (gamma, one), (beta, shift) = folded(norm.mlp_gamma), folded(norm.mlp_beta)
    return torch.cat([gamma, beta]), torch.cat([1 + one, shift])


def _instance_norm(x: Tensor) -> tuple[Tensor, Tensor]:
    """(B, H, W, C) → (B, C) scale and shift that give mean 0 and variance 1 over height and width."""
    rows = x.float().flatten(1, 2)
    mean = rows.mean(1)
    variance = (rows - mean[:, None]).square_().mean(1)
    scale = torch.rsqrt(variance + 1e-5)
    return scale.to(x.dtype), (-mean * scale).to(x.dtype)


def _normed(x: Tensor, rows: slice, scale: Tensor, shift: Tensor, like: Tensor) -> Tensor:
    """The normed rows of a map (H, W, C) that go with a band `like` of its own size, (n, W, C), or of twice that.

    In the second case (n/2, 1, W, 1, C), to be spread over blocks of 2×2.
    """
    if like.shape[1] == x.shape[1]:
        return torch.addcmul(shift, x[rows], scale)
    halved = slice(None) if rows.start is None else slice(rows.start // 2, rows.stop // 2)
    return torch.addcmul(shift, x[halved], scale)[:, None, :, None]


def _blocks(band: Tensor, normed: Tensor) -> Tensor:
    """A band (n, W, C) in the shape that goes with `normed`: the same, or (n/2, 2, W/2, 2, C)."""
    if normed.ndim == 3:
        return band
    height, width, channels = band.shape
    return band.view(height // 2, 2, width // 2, 2, channels)
