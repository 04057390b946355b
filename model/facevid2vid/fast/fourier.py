"""Convolution with a large 3-D kernel, by the convolution theorem in height and width.

The map is cut into square tiles with a margin; tile spectra and kernel spectra are multiplied as one matrix product per
frequency, whose columns are output channels and depth taps; the taps are then summed directly. For the 7×7×7 mask
kernel that is a fifteenth of the definition's multiplications. Arrays are channels-last: (B, D, H, W, C).
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F

TILE = 32
"""Outputs of a tile along height and width; larger tiles need fewer products but more memory for the kernel spectra."""


class FourierConv3d(nn.Module):
    """Convolution with a (K, C, k, k, k) kernel, k odd, zero padding of k // 2."""

    spectra: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, *, tile: int = TILE) -> None:
        super().__init__()
        self.size, self.tile = weight.shape[2], tile
        self.length = _smooth(tile + self.size - 1)
        # A convolution layer correlates; the conjugate spectrum does that.
        spectra = torch.fft.rfft2(weight.double(), s=(self.length, self.length)).conj()
        spectra = spectra.permute(3, 4, 1, 2, 0).flatten(0, 1).flatten(2, 3)
        self.register_buffer("spectra", spectra.to(torch.complex64).contiguous())
        self.register_buffer("bias", bias.clone())

    def forward(self, x: Tensor) -> Tensor:
        """(B, D, H, W, C) float32 → (B, D, H, W, K)."""
        batch, depth, height, width, channels = x.shape
        reach, tile, length = self.size // 2, self.tile, self.length
        down, across = -(-height // tile), -(-width // tile)
        edge = tile + 2 * reach
        padded = F.pad(x, (0, 0, reach, across * tile - width + reach, reach, down * tile - height + reach))
        half = length // 2 + 1
        spectrum = x.new_empty(length, half, batch, down, across, depth, channels, dtype=torch.complex64)
        # One transform a slice and tile: over several, the library would first bring the channels to the front.
        for sample, i, j, plane in itertools.product(range(batch), range(down), range(across), range(depth)):
            window = padded[sample, plane, i * tile : i * tile + edge, j * tile : j * tile + edge]
            spectrum[:, :, sample, i, j, plane] = torch.fft.rfft2(window, s=(length, length), dim=(0, 1))
        rows = spectrum.view(length * half, -1, channels)
        product = torch.bmm(rows, self.spectra).view(len(rows), -1, depth, self.size, len(self.bias))
        summed = product.new_zeros(*product.shape[:3], len(self.bias))
        for tap in range(self.size):
            shift = tap - reach
            low, high = max(0, -shift), min(depth, depth - shift)
            if low < high:
                summed[:, :, low:high] += product[:, :, low + shift : high + shift, tap]
        summed = summed.view(length, half, batch, down, across, depth, -1).permute(2, 5, 3, 4, 6, 0, 1)
        tiles = torch.fft.irfft2(summed, s=(length, length))[..., :tile, :tile]
        # (B, D, down, across, K, tile, tile) → (B, D, down, tile, across, tile, K)
        whole: Tensor = tiles.permute(0, 1, 2, 5, 3, 6, 4).reshape(batch, depth, down * tile, across * tile, -1)
        return whole[:, :, :height, :width] + self.bias


def _smooth(length: int) -> int:
    """The next length whose only prime factors are 2, 3 and 5."""
    while True:
        rest = length
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 1
