"""The SyncNet network as it is run: the same function, in half the time.

Against the plain form in `syncnet.network`: batch norms are folded into the convolutions before them; a stream of
frames goes in instead of stacked windows; the first layer, more than half of all work, sums over time with Winograd's
F(4, 5), which takes 8 convolutions for 4 windows where the definition takes 20; on a CPU the 3×3 layers run by minimal
filtering too, and its cores take windows of their own; channels lie innermost. Embeddings differ from the plain form's
in the sixth digit.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, max_pool2d

from bench.compute.convolution import convolution
from bench.compute.cores import side_by_side
from bench.compute.float32 import float32
from bench.compute.minimal_filtering.frame_convolution import frame_convolution
from bench.compute.minimal_filtering.tiled_convolution import tiled_convolution
from syncnet.network import SPAN, SyncNet

VERSION = 2
"""Raised when embeddings change."""
TILE = 4
"""Windows that share their first layer. Blocks of a stream should hold a multiple of it."""

_ROWS = 54  # of the pooled first layer; each sees 11 rows of the crop, 4 below those of the row before
_BANDS = [slice(4 * first, 4 * first + 4 * _ROWS // 3 + 7) for first in range(0, _ROWS, _ROWS // 3)]
"""Rows of the crop whose first layer is computed together: in thirds its eight parts stay in the cache."""


class FastSyncNet:
    """SyncNet's two streams on one device, folded and rearranged. Inference only.

    `name` tells this network's embeddings from those of others where they are kept: version, weights, device.
    """

    def __init__(self, network: SyncNet, device: torch.device, *, weights_digest: str = "") -> None:
        self.device = device
        self.name = f"syncnet-{VERSION}-{weights_digest[:16]}-{device.type}"
        lip, audio = network.netcnnlip, network.netcnnaud
        weight, bias = _folded(lip[0], lip[1])
        self._first = frame_convolution(weight, windows=TILE, stride=2, device=device)
        self._first_bias = bias.float().to(device)
        self._lip = [
            self._layer(lip, 4, (54, 54), stride=2, padding=1),
            *(self._layer(lip, at, (13, 13), padding=1, tile=3) for at in (8, 11, 14)),
            self._layer(lip, 18, (6, 6)),
        ]
        self._audio = [
            *(self._layer(audio, at, (13, 20), padding=1) for at in (0, 4)),
            *(self._layer(audio, at, (11, 9), padding=1) for at in (8, 11, 14)),
            self._layer(audio, 18, (5, 4)),
        ]
        self._lip_head, self._audio_head = self._head(network.netfclip), self._head(network.netfcaud)

    @torch.inference_mode()
    def lip(self, crops: Tensor) -> Tensor:
        """(T, 3, 224, 224) uint8 BGR crops of consecutive frames → (T - 4, 1024) embeddings of windows 0 … T - 5."""
        count = crops.shape[0] - SPAN + 1
        short = -count % TILE
        x = crops.to(self.device)
        if short:
            x = torch.cat([x, x[-1:].expand(short, -1, -1, -1)])
        parts = [x[i : i + TILE + SPAN - 1] for i in range(0, count, TILE)]
        if self.device.type == "cpu":
            return torch.cat(side_by_side(lambda part: self._further(self._first_layer(part)), parts))[:count]
        with float32(self.device):
            return self._further(torch.cat([self._first_layer(part) for part in parts]))[:count]

    @torch.inference_mode()
    def audio(self, windows: Tensor) -> Tensor:
        """(N, 13, 20) float32 MFCC windows → (N, 1024) embeddings."""
        one, two, three, four, five, six = self._audio
        x = windows.unsqueeze(1).to(self.device, memory_format=torch.channels_last)
        with float32(self.device):
            x = max_pool2d(two(one(x)), 3, (1, 2))
            x = max_pool2d(five(four(three(x))), 3, 2)
            return _apply(six(x).flatten(1), self._audio_head)

    def _first_layer(self, frames: Tensor) -> Tensor:
        """(8, 3, 224, 224) uint8 → the pooled first layer of 4 windows, (4, 96, 54, 54)."""
        mixes = self._first.mixed(frames)
        # Without bias: the largest of a pool is the same with it and without.
        bands = [max_pool2d(self._first.convolved(mixes[:, :, :, rows]), 3, 2) for rows in _BANDS]
        return torch.cat(bands, 2).add_(self._first_bias.view(1, -1, 1, 1)).relu_()

    def _further(self, x: Tensor) -> Tensor:
        """The pooled first layer (N, 96, 54, 54) → embeddings (N, 1024)."""
        two, three, four, five, six = self._lip
        x = max_pool2d(two(x), 3, 2, 1)
        x = max_pool2d(five(four(three(x))), 3, 2)
        return _apply(six(x).flatten(1), self._lip_head)

    def _layer(
        self,
        layers: nn.Sequential,
        at: int,
        size: tuple[int, int],
        *,
        stride: int = 1,
        padding: int = 0,
        tile: int = 0,
    ) -> Callable[[Tensor], Tensor]:
        """A convolution with ReLU for pictures of `size`; with `tile`, by minimal filtering on a CPU."""
        weight, bias = _folded(layers[at], layers[at + 1])
        weight = weight.squeeze(2) if weight.ndim == 5 else weight  # of one frame in time
        if tile and self.device.type == "cpu":
            return tiled_convolution(weight, bias, tile=tile, padding=padding, size=size)
        return convolution(weight, bias, device=self.device, size=size, stride=stride, padding=(padding, padding))

    def _head(self, head: nn.Sequential) -> list[tuple[Tensor, Tensor]]:
        last = head[3]
        assert isinstance(last, nn.Linear)
        pairs = [_folded(head[0], head[1]), (last.weight, last.bias)]
        return [(weight.float().to(self.device), bias.float().to(self.device)) for weight, bias in pairs]


def _folded(layer: nn.Module, norm: nn.Module) -> tuple[Tensor, Tensor]:
    """Weight and bias, float64, of the layer with its batch norm."""
    assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d)
    weight, bias = (getattr(layer, name).double() for name in ("weight", "bias"))
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    shift = (bias - norm.running_mean.double()) * scale + norm.bias.double()
    return weight * scale.view(-1, *[1] * (weight.ndim - 1)), shift


def _apply(x: Tensor, head: list[tuple[Tensor, Tensor]]) -> Tensor:
    (weight, bias), last = head
    return linear(linear(x, weight, bias).relu_(), *last)
