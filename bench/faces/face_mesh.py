"""MediaPipe's face mesh: 468 points of a face in three dimensions, by weights that are part of this package.

Kartynnik et al., "Real-time facial surface geometry from monocular video on mobile GPUs", 2019. The weights are those
of `face_landmark.tflite` (`mesh.txt` beside them: licence, checksum, rounding).
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from bench import weights
from bench.weights.resources import Resources

SIDE: Final = 192
POINTS: Final = 468
_TRUNK: Final = (
    (16, 1), (16, 1), (32, 2), (32, 1), (32, 1), (64, 2), (64, 1), (64, 1),
    (128, 2), (128, 1), (128, 1), (128, 2), (128, 1), (128, 1),
)  # fmt: skip


class _Block(nn.Module):
    """Depth-wise and point-wise convolution beside a shortcut, whose missing channels are zero."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.depthwise = nn.Conv2d(inputs, inputs, 3, stride, padding=2 - stride, groups=inputs)
        self.pointwise = nn.Conv2d(inputs, outputs, 1)
        self.activation = nn.PReLU(outputs)

    def forward(self, x: Tensor) -> Tensor:
        short = functional.max_pool2d(x, 2) if self.stride == 2 else x
        y = self.pointwise(self.depthwise(_same(x, self.stride)))
        y[:, : short.shape[1]] += short
        return self.activation(y)  # type: ignore[no-any-return]


def _same(x: Tensor, stride: int) -> Tensor:
    """TensorFlow pads an even side for a stride of two behind its end only."""
    return functional.pad(x, (0, 1, 0, 1)) if stride == 2 else x


def _head(outputs: int, blocks: int) -> nn.Sequential:
    trunk = [_Block(128, 128, 2), *(_Block(128, 128, 1) for _ in range(blocks))]
    return nn.Sequential(
        *trunk, nn.Conv2d(128, 32, 1), nn.PReLU(32), _Block(32, 32, 1), nn.Conv2d(32, outputs, 3)
    )  # fmt: skip


class FaceMesh(nn.Module):
    """A trunk of depth-wise blocks, and a head each for the points and for whether there is a face."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 2)
        self.activation = nn.PReLU(16)
        widths = [16, *(width for width, _ in _TRUNK)]
        self.trunk = nn.Sequential(*(_Block(before, *now) for before, now in zip(widths, _TRUNK, strict=False)))
        self.points = _head(3 * POINTS, 2)
        self.presence = _head(1, 0)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """pictures: (N, 3, 192, 192) float32 in [0, 1], upright faces with a margin of a quarter of their size.

        Returns:
            (N, 468, 3) points in pixels of the picture, x to the right, y down, z away from the camera on the scale of
            x; and (N,) how certainly there is a face, in 0–1.
        """
        x = self.trunk(self.activation(self.stem(_same(pictures, 2))))
        return self.points(x).reshape(-1, POINTS, 3), torch.sigmoid(self.presence(x)).reshape(-1)


def load(resources: Resources) -> FaceMesh:
    """The network with its weights, on the resources' device.

    Raises:
        WeightsError: the weights are damaged, or another network's.
    """
    network = FaceMesh()
    weights.fill(network, "face_mesh", resources)
    return network.to(resources.device).to(memory_format=torch.channels_last)
