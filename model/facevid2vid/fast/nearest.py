"""3×3 (and 3×3×3) convolution of a map up-sampled to its nearest neighbour, at the low resolution.

Along one axis, with taps w₋, w₀, w₊ and W their sum, the up-sampled values left and right of an output are the pixel
x[i] itself but at the edge of a block, so that the outputs of block i are

    W x[i] + w₋ (x[i-1] - x[i]),   W x[i] (in the middle, for factors above two),   W x[i] + w₊ (x[i+1] - x[i]).

Three products a pixel, whatever the factor; nine in two dimensions, where the definition takes 36 for a factor of two
and 144 for four. Borders are exact: beyond them x is zero in both forms. Depth, which is not up-sampled, is summed
directly. Arrays are channels-last: (B, D, H, W, C).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.compute.minimal_filtering.chunked_convolution import CHUNK_BYTES


class NearestConv(nn.Module):
    """Nearest up-sampling of height and width by `factor`, then convolution with zero padding of one, leaky ReLU.

    The kernel is (K, C, 3, 3) or (K, C, 3, 3, 3); `slope` is the leaky ReLU's, 1 leaves it out.
    """

    kernels: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, *, factor: int = 2, slope: float = 1.0) -> None:
        super().__init__()
        self.factor, self.slope = factor, slope
        if weight.ndim == 4:
            weight = weight[:, :, None]
        parts = weight.new_tensor([[1, 1, 1], [1, 0, 0], [0, 0, 1]], dtype=torch.float64)
        kernels = torch.einsum("ia,jb,kctab->tijck", parts, parts, weight.double())
        self.register_buffer("kernels", kernels.flatten(1, 2).to(weight.dtype).contiguous())
        self.register_buffer("bias", bias.clone())

    def forward(self, x: Tensor) -> Tensor:
        """(B, D, H, W, C) → (B, D, factor·H, factor·W, K)."""
        batch, depth, height, width, channels = x.shape
        taps, _, _, out_channels = self.kernels.shape
        reach = taps // 2
        padded = F.pad(x, (0, 0, 1, 1, 1, 1, reach, reach))
        out = x.new_empty(batch, depth, height, self.factor, width, self.factor, out_channels)
        slices = depth + 2 * reach
        per_row = 9 * slices * width * max(channels, out_channels) * x.element_size()
        step = max(1, min(height, CHUNK_BYTES // per_row)) if x.device.type == "cpu" else height
        for sample in range(batch):
            for top in range(0, height, step):
                count = min(step, height - top)
                factors = _differences(padded[sample, :, top : top + count + 2]).view(9, slices, -1, channels)
                product = torch.bmm(factors[:, :depth].flatten(1, 2), self.kernels[0])
                for tap in range(1, taps):
                    product.baddbmm_(factors[:, tap : tap + depth].flatten(1, 2), self.kernels[tap])
                product[0] += self.bias
                lines = product.view(3, 3, depth, count, width, out_channels)
                self._spread(lines, out[sample, :, top : top + count])
        return out.view(batch, depth, self.factor * height, self.factor * width, out_channels)

    def _spread(self, product: Tensor, out: Tensor) -> None:
        """(3, 3, D, n, W, K) products → the (D, n, factor, W, factor, K) outputs, activated."""
        centre = product[0]
        for i, line in _phases(centre, centre + product[1], centre + product[2], self.factor):
            middle = line[0]
            for j, value in _phases(middle, middle + line[1], middle + line[2], self.factor):
                out[:, :, i, :, j] = value
        if self.slope != 1.0:
            F.leaky_relu(out, self.slope, inplace=True)


def _phases(middle: Tensor, first: Tensor, last: Tensor, factor: int) -> list[tuple[int, Tensor]]:
    """The outputs of a block by their place in it."""
    return [(0, first), *((place, middle) for place in range(1, factor - 1)), (factor - 1, last)]


def _differences(rows: Tensor) -> Tensor:
    """(D, n + 2, W + 2, C) padded → (3, 3, D, n, W, C): the pixel, its differences to both neighbours; on both axes."""
    depth, height, width, channels = rows.shape
    out = rows.new_empty(3, 3, depth, height - 2, width - 2, channels)
    here = rows[:, 1:-1]
    for i, line in enumerate((here, rows[:, :-2] - here, rows[:, 2:] - here)):
        centre = line[:, :, 1:-1]
        out[i, 0] = centre
        torch.sub(line[:, :, :-2], centre, out=out[i, 1])
        torch.sub(line[:, :, 2:], centre, out=out[i, 2])
    return out
