"""YuNet: a face detector of 53 thousand weights, which are part of this package.

Wu, Peng and Yu, "YuNet: a tiny millisecond-level face detector", Machine Intelligence Research 2023. The weights are
those of `face_detection_yunet_2023mar.onnx` in the OpenCV Zoo (`yunet.txt` beside them: licence, checksum, names).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d, pad

from bench import weights
from bench.faces.boxes import suppressed
from bench.faces.detection import Faces
from bench.weights.loaded import stored_key
from bench.weights.resources import Resources

STRIDES = (8, 16, 32)
LONGEST = 320
"""Frames are shrunk to this longer side: YuNet was trained for faces of 10 to 300 pixels."""
SCORE = 0.6
OVERLAP = 0.3
BLOCK = 8

_PARTS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}


class _Unit(nn.Module):
    """A pointwise and a depthwise convolution, then (by default) ReLU. Batch norms are folded in already."""

    def __init__(self, inputs: int, outputs: int, *, active: bool = True) -> None:
        super().__init__()
        self.pointwise = nn.Conv2d(inputs, outputs, 1)
        self.depthwise = nn.Conv2d(outputs, outputs, 3, padding=1, groups=outputs)
        self.active = active

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, C', H, W)."""
        x = self.depthwise(self.pointwise(x))
        return x.relu_() if self.active else x


class YuNet(nn.Module):
    """Backbone, a feature pyramid of three levels, and four small heads on each."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, stride=2, padding=1)
        widths = [(16, 16), (16, 16, 32), (32, 32, 64), (64, 64, 64), (64, 64, 64), (64, 64, 64)]
        self.stages = nn.ModuleList(nn.Sequential(*(_Unit(a, b) for a, b in pairwise(w))) for w in widths)
        self.lateral = nn.ModuleList(_Unit(64, 64) for _ in STRIDES)
        self.heads = nn.ModuleDict(
            {part: nn.ModuleList(_Unit(64, size, active=False) for _ in STRIDES) for part, size in _PARTS.items()}
        )

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """(N, 3, H, W) BGR in 0–255, H and W multiples of 32 → for every part (N, places, size) raw values.

        Places run over the levels of stride 8, 16, 32, each row by row.
        """
        x = max_pool2d(self.stages[0](self.stem(x).relu_()), 2)
        eighth = self.stages[3](max_pool2d(self.stages[2](self.stages[1](x)), 2))
        sixteenth = self.stages[4](max_pool2d(eighth, 2))
        coarse = self.lateral[2](self.stages[5](max_pool2d(sixteenth, 2)))
        middle = self.lateral[1](sixteenth + interpolate(coarse, scale_factor=2))
        fine = self.lateral[0](eighth + interpolate(middle, scale_factor=2))
        levels = (fine, middle, coarse)
        return {
            part: torch.cat([head(x).flatten(2) for head, x in zip(heads, levels, strict=True)], 2).transpose(1, 2)
            for part, heads in ((part, self.heads[part]) for part in _PARTS)
            if isinstance(heads, nn.ModuleList)
        }


class YuNetDetector:
    """Faces by YuNet. `longest` is the longer side that frames are shrunk to, `score` the least confidence."""

    def __init__(self, resources: Resources, *, longest: int = LONGEST, score: float = SCORE) -> None:
        self.device, self.longest, self.score = resources.device, longest, score
        self.name = stored_key("yunet-2023mar", ["yunet"], resources)
        network = YuNet()
        weights.fill(network, "yunet", resources)
        self._network = network.to(self.device).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def detect(self, pixels: Tensor) -> list[Faces]:
        """(T, 3, H, W) uint8 RGB → the faces of every frame."""
        return [faces for block in pixels.split(BLOCK) for faces in self._detect(block)]

    def _detect(self, pixels: Tensor) -> list[Faces]:
        count, _, *size = pixels.shape
        # Blocks of one size, whatever the caller's: convolutions of other shapes round differently.
        pixels = torch.cat([pixels, pixels[-1:].expand(BLOCK - count, -1, -1, -1)])
        x = pixels.to(self.device).flip(1).float()
        shrink = max(size) / self.longest
        if shrink > 1:
            smaller = [max(round(side / shrink), 1) for side in size]
            x = interpolate(x, size=smaller, mode="bilinear", antialias=True)
        scale = [a / b for a, b in zip(size, x.shape[-2:], strict=True)]
        x = pad(x, (0, -x.shape[-1] % STRIDES[-1], 0, -x.shape[-2] % STRIDES[-1]))
        raw = {
            part: values[:count].cpu()
            for part, values in self._network(x.contiguous(memory_format=torch.channels_last)).items()
        }
        grid = _places(*x.shape[-2:])
        confidence = (raw["cls"].sigmoid() * raw["obj"].sigmoid()).sqrt().squeeze(-1).double().numpy()
        return [
            self._faces(raw["bbox"][i].double().numpy(), raw["kps"][i].double().numpy(), scores, grid, scale)
            for i, scores in enumerate(confidence)
        ]

    def _faces(
        self,
        boxes: NDArray[np.float64],
        points: NDArray[np.float64],
        scores: NDArray[np.float64],
        grid: NDArray[np.float64],
        scale: list[float],
    ) -> Faces:
        """Boxes are stored as centre from the place and log of the size, landmarks from the place, in strides."""
        sure = np.flatnonzero(scores >= self.score)
        place, stride = grid[sure, :2], grid[sure, 2:]
        centre = (place + boxes[sure, :2]) * stride
        half = np.exp(boxes[sure, 2:]) * stride / 2
        landmarks = (place[:, None] + points[sure].reshape(-1, 5, 2)) * stride[:, None]
        zoom = np.array(scale[::-1])
        found = np.concatenate([(centre - half) * zoom, (centre + half) * zoom], axis=1)
        kept = suppressed(found, scores[sure], OVERLAP)
        return Faces(found[kept], scores[sure][kept], (landmarks * zoom)[kept])


def load(resources: Resources) -> YuNetDetector:
    """The detector on the resources' device.

    Raises:
        WeightsError: the weights are damaged, or another network's.
    """
    return YuNetDetector(resources)


def _places(height: int, width: int) -> NDArray[np.float64]:
    """(places, 3): column, row and stride of every place of the three levels."""
    levels = []
    for stride in STRIDES:
        rows, columns = np.mgrid[0 : height // stride, 0 : width // stride]
        levels.append(np.stack([columns.ravel(), rows.ravel(), np.full(rows.size, stride)], axis=1))
    return np.concatenate(levels).astype(np.float64)
