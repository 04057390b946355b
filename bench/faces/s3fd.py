"""S3FD, the detector of the public SyncNet pipeline, for strict parity. Its weights are not part of this package."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import relu, softmax

from bench import weights
from bench.faces.boxes import suppressed
from bench.faces.detection import Faces
from bench.media.opencv_resize import resize
from bench.weights.loaded import stored_key
from bench.weights.resources import Resources

SCALE = 0.25
SCORE = 0.9
"""The public pipeline looks at a quarter of the frame's size and wants this confidence."""

_MEANS = (123.0, 117.0, 104.0)  # subtracted from RGB
_LEAST = 32  # pixels that five poolings leave something of
_STEPS = (4, 8, 16, 32, 64, 128)
_ANCHOR = 4  # side of the anchor, in steps
_VARIANCES = (0.1, 0.2)
_OVERLAPS = (0.3, 0.1)  # suppression is done twice
_MOST = (5000, 750)  # candidates before, and kept after, the first


class S3FD(nn.Module):
    """Zhang et al., "S3FD: single shot scale-invariant face detector", ICCV 2017, with the names of `sfd_face.pth`.

    VGG-16 with its two fully connected layers as convolutions, two further blocks, and on six levels of stride 4 to
    128 one anchor per place. The finest level has three background scores, of which the largest counts.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for depth, (width, repeats) in enumerate([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]):
            for _ in range(repeats):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
                channels = width
            layers.append(nn.MaxPool2d(2, 2, ceil_mode=depth == 2))
        layers += [nn.Conv2d(512, 1024, 3, padding=6, dilation=6), nn.ReLU(inplace=True)]
        layers += [nn.Conv2d(1024, 1024, 1), nn.ReLU(inplace=True)]
        self.vgg = nn.ModuleList(layers)
        self.L2Norm3_3, self.L2Norm4_3, self.L2Norm5_3 = _Norm(256), _Norm(512), _Norm(512)
        self.extras = nn.ModuleList(
            [
                nn.Conv2d(1024, 256, 1),
                nn.Conv2d(256, 512, 3, stride=2, padding=1),
                nn.Conv2d(512, 128, 1),
                nn.Conv2d(128, 256, 3, stride=2, padding=1),
            ]
        )
        widths = (256, 512, 512, 1024, 512, 256)
        self.loc = nn.ModuleList(nn.Conv2d(width, 4, 3, padding=1) for width in widths)
        self.conf = nn.ModuleList(
            nn.Conv2d(width, 4 if level == 0 else 2, 3, padding=1) for level, width in enumerate(widths)
        )

    def forward(self, x: Tensor) -> list[tuple[Tensor, Tensor]]:
        """(N, 3, H, W) RGB minus the means → of every level (N, 4, h, w) offsets and (N, 2, h, w) scores."""
        sources = []
        norms = {15: self.L2Norm3_3, 22: self.L2Norm4_3, 29: self.L2Norm5_3}
        for index, layer in enumerate(self.vgg):
            x = layer(x)
            if index in norms:
                sources.append(norms[index](x))
        sources.append(x)
        for index, layer in enumerate(self.extras):
            x = relu(layer(x))
            if index % 2:
                sources.append(x)
        levels = []
        for source, offsets, scores in zip(sources, self.loc, self.conf, strict=True):
            score = scores(source)
            background = score[:, :-1].amax(1, keepdim=True)
            levels.append((offsets(source), torch.cat([background, score[:, -1:]], 1)))
        return levels


class _Norm(nn.Module):
    """Unit length over channels, then a learnt scale for each."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → the same shape."""
        length = x.square().sum(1, keepdim=True).sqrt() + 1e-10
        return x / length * self.weight.view(1, -1, 1, 1)


class S3FDDetector:
    """Faces as the public SyncNet pipeline finds them."""

    def __init__(self, resources: Resources) -> None:
        with torch.device("meta"):
            network = S3FD()
        weights.fill(network, "s3fd", resources)
        self.name = stored_key("s3fd", ["s3fd"], resources)
        self.device = resources.device
        self._network = network.to(self.device)

    @torch.inference_mode()
    def detect(self, pixels: Tensor) -> list[Faces]:
        """(T, 3, H, W) uint8 RGB → the faces of every frame."""
        return [self._detect(frame) for frame in pixels.cpu().numpy()]

    def _detect(self, frame: NDArray[np.uint8]) -> Faces:
        height, width = frame.shape[-2:]
        small = resize(frame, round(height * SCALE), round(width * SCALE), step=1 / SCALE)
        if min(small.shape[1:]) < _LEAST:
            return Faces(np.empty((0, 4)), np.empty(0))
        x = torch.from_numpy(small).to(self.device).float() - torch.tensor(_MEANS, device=self.device).view(3, 1, 1)
        levels = [(offsets[0].cpu(), scores[0].cpu()) for offsets, scores in self._network(x.unsqueeze(0))]
        boxes = np.concatenate([_boxes(offsets, step) for (offsets, _), step in zip(levels, _STEPS, strict=True)])
        scores = np.concatenate([softmax(score, 0)[1].flatten().double().numpy() for _, score in levels])
        sides = np.array([small.shape[2], small.shape[1]] * 2)
        boxes = boxes / sides * np.array([width, height] * 2)
        best = np.argsort(-scores, kind="stable")[: _MOST[0]]
        best = best[scores[best] > SCORE]
        for overlap, most in zip(_OVERLAPS, reversed(_MOST), strict=True):
            best = best[suppressed(boxes[best], scores[best], overlap)][:most]
        return Faces(boxes[best], scores[best])


def _boxes(offsets: Tensor, step: int) -> NDArray[np.float64]:
    """(4, h, w) offsets of one level → (h · w, 4) boxes in pixels of the network's input."""
    dx, dy, dw, dh = offsets.double().numpy()
    rows, columns = np.mgrid[0 : dx.shape[0], 0 : dx.shape[1]]
    side = step * _ANCHOR
    x = (columns + 0.5) * step + dx * _VARIANCES[0] * side
    y = (rows + 0.5) * step + dy * _VARIANCES[0] * side
    half_w, half_h = (np.exp(value * _VARIANCES[1]) * side / 2 for value in (dw, dh))
    return np.stack([x - half_w, y - half_h, x + half_w, y + half_h], axis=-1).reshape(-1, 4)


def load(resources: Resources) -> S3FDDetector:
    """The detector with the registered weights `s3fd`.

    Raises:
        Skip: the weights are missing.
        WeightsError: they are damaged or another network's.
    """
    return S3FDDetector(resources)
