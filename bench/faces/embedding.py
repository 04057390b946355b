"""Who is it? dlib's face recognition network, by weights that are part of this package.

A residual network of 29 convolutions that dlib's author trained on three million faces; it tells people apart with
99.38 % on Labeled Faces in the Wild. The weights are those of `dlib_face_recognition_resnet_model_v1.dat`
(`identity.txt` beside them: licence, checksum, rounding); faces are laid upright by landmarks of our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d, pad

from bench import weights
from bench.faces.squares import Squares
from bench.weights.resources import Resources

Floats = NDArray[np.float64]

NAME: Final = "dlib's face recognition ResNet v1 (128 numbers)"
SIDE: Final = 150
BLOCK: Final = 8
_MEAN: Final = (122.782, 117.001, 104.298)
_WIDTHS: Final = (32, 32, 32, 64, 64, 64, 64, 128, 128, 128, 256, 256, 256, 256)
_HALVING: Final = (3, 7, 10, 13)
"""Blocks that halve the picture."""

_CORNERS: Final = ((33, 133), (362, 263), (2, 2))
"""The mesh's points that lay a face upright: corners of the eye at the left of the picture, of the other, nose base."""
_TEMPLATE: Final = np.array([[0.3182, 0.3143], [0.6685, 0.3143], [0.4934, 0.5852]])
"""Where their middles come to lie in a square of side 1: dlib's proportions, a margin of a quarter around the face."""


class _Block(nn.Module):
    """Two convolutions beside a shortcut; missing channels and rows of either are zero. Batch norms are folded in."""

    def __init__(self, inputs: int, outputs: int, *, halve: bool) -> None:
        super().__init__()
        self.halve = halve
        self.first = nn.Conv2d(inputs, outputs, 3, 2 if halve else 1, padding=0 if halve else 1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.second(self.first(x).relu_())
        if self.halve:
            x = avg_pool2d(x, 2)
            y = pad(y, (0, x.shape[3] - y.shape[3], 0, x.shape[2] - y.shape[2]))
        y[:, : x.shape[1]] += x
        return y.relu_()


class FaceIdentity(nn.Module):
    """He et al. 2016 with 29 convolutions, and half as many filters as there."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 7, 2)
        inputs = (32, *_WIDTHS)
        self.blocks = nn.Sequential(*(_Block(inputs[i], width, halve=i in _HALVING) for i, width in enumerate(_WIDTHS)))
        self.embedding = nn.Linear(256, 128, bias=False)

    def forward(self, faces: Tensor) -> Tensor:
        """faces: (N, 3, 150, 150) RGB in 0–255 → (N, 128)."""
        x = (faces - faces.new_tensor(_MEAN).view(1, 3, 1, 1)).div_(256.0)
        x = max_pool2d(self.stem(x).relu_(), 3, 2)
        embedding: Tensor = self.embedding(self.blocks(x).mean((2, 3)))
        return embedding


@dataclass(frozen=True, slots=True)
class FaceEmbedder:
    """Embeds the faces of frames whose landmarks are known."""

    network: FaceIdentity

    @torch.inference_mode()
    def __call__(self, pixels: Tensor, points: Floats) -> Tensor:
        """pixels (T, 3, H, W) uint8, points (T, 468, 3) of the mesh → (T, 128), NaN for a frame without a face."""
        found = np.flatnonzero(np.isfinite(points[:, 0, 0]))
        embedded = torch.full((len(pixels), 128), float("nan"))
        if len(found):
            frames = pixels[torch.from_numpy(found).to(pixels.device)]
            chips = upright(points[found]).cut(frames, SIDE)
            embedded[torch.from_numpy(found)] = torch.cat([self._embed(block) for block in chips.split(BLOCK)])
        return embedded

    def _embed(self, block: Tensor) -> Tensor:
        count = len(block)
        # Blocks of one size, whatever the caller's: convolutions of other shapes round differently.
        block = torch.cat([block, block[-1:].expand(BLOCK - count, -1, -1, -1)])
        embedded: Tensor = self.network(block.contiguous(memory_format=torch.channels_last))
        return embedded[:count].cpu()


def upright(points: Floats) -> Squares:
    """(N, 468, 3) meshes → the squares in which eyes and nose base come nearest to the template, by least squares.

    A similarity in the plane is a product with one complex number, so the best is a ratio of two sums.
    """
    flat = points[:, _CORNERS, :2].mean(2)
    middle, template = flat.mean(1), _TEMPLATE.mean(0)
    there = (flat - middle[:, None]) @ (1.0, 1.0j)
    here = (_TEMPLATE - template) @ (1.0, 1.0j)
    turn = there @ here.conj() / (abs(here) ** 2).sum()
    shift = turn * complex(*(0.5 - template))
    centre = middle + np.stack([shift.real, shift.imag], 1)
    return Squares(centre, abs(turn), np.angle(turn))


def load(resources: Resources) -> FaceEmbedder:
    """The embedder on the resources' device, loaded once per `resources`.

    Raises:
        WeightsError: the weights are damaged, or another network's.
    """
    key = "faces/identity"
    if key not in resources.networks:
        network = FaceIdentity()
        weights.fill(network, "face_identity", resources)
        network = network.to(resources.device).to(memory_format=torch.channels_last)
        resources.networks[key] = FaceEmbedder(network)
    embedder: FaceEmbedder = resources.networks[key]
    return embedder
