"""3×3 (and 3×3×3) convolution by minimal filtering, chunk by chunk: 16 products where the definition takes 36.

F(2×2, 3×3): the map is cut into 4×4 tiles that overlap by two, tiles and kernels are transformed, multiplied channel by
channel as one matrix product per tile place, and transformed back to 2×2 outputs. The transforms have no entries but
0, 1 and -1, and are written out as sums. The result is the convolution itself; in float32 it is nearer to the exact one
than a direct sum, whose chains of additions are longer. Depth is summed directly. Arrays are channels-last:
(B, D, H, W, C).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.compute.minimal_filtering.transforms import tiles, transforms

CHUNK_BYTES = 6 << 20
"""Transformed tiles at once: what stays in a cache."""


class ChunkedConvolution(nn.Module):
    """Convolution with a (K, C, 3, 3) or (K, C, 3, 3, 3) kernel, zero padding of one and a leaky ReLU.

    `slope` is the leaky ReLU's: 1 leaves it out.
    """

    kernels: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, *, slope: float = 1.0) -> None:
        super().__init__()
        self.slope = slope
        if weight.ndim == 4:
            weight = weight[:, :, None]
        f = transforms(2, 3)
        self.centre = f.centre
        kernels = torch.stack([f.kernels(tap) for tap in weight.unbind(2)])
        self.register_buffer("kernels", kernels.to(weight.dtype).contiguous())
        self.register_buffer("bias", bias.clone())

    def forward(self, x: Tensor) -> Tensor:
        """(B, D, H, W, C) → (B, D, H, W, K)."""
        batch, depth, height, width, _ = x.shape
        rows, columns = (height + 1) // 2, (width + 1) // 2
        out = x.new_empty(batch, depth, rows, 2, columns, 2, self.kernels.shape[-1])
        for _ in self._chunks(x, lambda sample, top, count: out[sample, :, top : top + count]):
            pass
        whole = out.view(batch, depth, 2 * rows, 2 * columns, -1)
        return whole[:, :, :height, :width] if (height | width) % 2 else whole

    def bands(self, x: Tensor) -> Iterator[tuple[int, slice, Tensor]]:
        """Convolution of a (B, H, W, C) map of even size in bands of rows: sample, rows, and their (n, W, K) values.

        A band's memory is used again for the next: what is made of it is made in the cache.
        """
        x = x[:, None]
        width, places = x.shape[3], self._step(x)
        buffer = x.new_empty(1, places, 2, width // 2, 2, self.kernels.shape[-1])
        for sample, top, count in self._chunks(x, lambda sample, top, count: buffer[:, :count]):
            yield sample, slice(2 * top, 2 * (top + count)), buffer[0, :count].view(2 * count, width, -1)

    def _step(self, x: Tensor) -> int:
        """Rows of tiles in a chunk."""
        taps, _, channels, out_channels = self.kernels.shape
        slices, columns = x.shape[1] + taps - 1, (x.shape[3] + 1) // 2
        per_row = 16 * slices * columns * max(channels, out_channels) * x.element_size()
        return int(max(1, min((x.shape[2] + 1) // 2, CHUNK_BYTES // per_row)))

    def _chunks(self, x: Tensor, place: Callable[[int, int, int], Tensor]) -> Iterator[tuple[int, int, int]]:
        """Yields sample, first row of tiles and number of them, once their outputs are written.

        `place`, given these, returns where to: (D, n, 2, W/2, 2, K).
        """
        batch, depth, height, width, channels = x.shape
        taps, _, _, out_channels = self.kernels.shape
        (rows, bottom), (columns, right), step = tiles(height, 2, 3, 1), tiles(width, 2, 3, 1), self._step(x)
        reach = taps // 2
        slices = depth + 2 * reach
        padded = F.pad(x, (0, 0, 1, right, 1, bottom, reach, reach))
        signals = x.new_empty(16 * slices * step * columns * channels)
        products = x.new_empty(16 * depth * step * columns * out_channels)
        for sample, top in itertools.product(range(batch), range(0, rows, step)):
            count = min(step, rows - top)
            places = count * columns
            transformed = signals[: 16 * slices * places * channels].view(4, 4, slices, count, columns, channels)
            _signals(padded[sample, :, 2 * top : 2 * (top + count) + 2], transformed)
            factors = transformed.view(16, slices, places, channels)
            product = products[: 16 * depth * places * out_channels].view(16, depth * places, out_channels)
            torch.bmm(factors[:, :depth].flatten(1, 2), self.kernels[0], out=product)
            for tap in range(1, taps):
                product.baddbmm_(factors[:, tap : tap + depth].flatten(1, 2), self.kernels[tap])
            product[self.centre] += self.bias
            product = product.view(4, 4, depth, count, columns, out_channels)
            _outputs(product, place(sample, top, count), self.slope)
            yield sample, top, count


def _signals(rows: Tensor, out: Tensor) -> None:
    """(D, 2n + 2, 2m + 2, C) → (4, 4, D, n, m, C): `of_signal` along both axes of every tile."""
    count, columns = out.shape[3], out.shape[4]
    d = [rows[:, i : i + 2 * count - 1 : 2] for i in range(4)]
    for i, line in enumerate((d[2] - d[0], d[1] + d[2], d[2] - d[1], d[3] - d[1])):
        e = [line[:, :, j : j + 2 * columns - 1 : 2] for j in range(4)]
        torch.sub(e[2], e[0], out=out[i, 0])
        torch.add(e[1], e[2], out=out[i, 1])
        torch.sub(e[2], e[1], out=out[i, 2])
        torch.sub(e[3], e[1], out=out[i, 3])


def _outputs(m: Tensor, out: Tensor, slope: float) -> None:
    """(4, 4, D, n, m, K) products → (D, n, 2, m, 2, K) `out`: `of_outputs` along both axes, activated."""
    upper = m[0].add_(m[1]).add_(m[2])
    lower = m[1].sub_(m[2]).add_(m[3])
    for i, line in enumerate((upper, lower)):
        torch.add(line[0].add_(line[1]), line[2], out=out[:, :, i, :, 0])
        torch.add(line[1].sub_(line[2]), line[3], out=out[:, :, i, :, 1])
    if slope != 1.0:
        F.leaky_relu(out, slope, inplace=True)
