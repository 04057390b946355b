"""The SyncNet network: a lip stream and a sound stream into one space, where distance means "not in sync"."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from bench import weights

CROP = 224
"""Side of a mouth crop in pixels."""
SPAN = 5
"""Frames of a lip window."""
COEFFICIENTS, COLUMNS = 13, 20
"""MFCC coefficients and columns of a sound window (20 columns at 100 Hz are the 0.2 s of 5 frames at 25 fps)."""
EMBEDDING = 1024


class SyncNet(nn.Module):
    """SyncNet as its authors released it (Chung and Zisserman, "Out of time", ACCV 2016 workshops).

    The state dict has the names and shapes of the public `syncnet_v2.model`: streams `netcnnaud`, `netcnnlip`, heads
    `netfcaud`, `netfclip`. This is the plain form, the one to read; `syncnet.fast_network` computes the same, faster.
    """

    def __init__(self) -> None:
        super().__init__()
        self.netcnnaud = nn.Sequential(
            *_conv2d(1, 64, (3, 3), padding=1), nn.MaxPool2d(1),
            *_conv2d(64, 192, (3, 3), padding=1), nn.MaxPool2d(3, stride=(1, 2)),
            *_conv2d(192, 384, (3, 3), padding=1),
            *_conv2d(384, 256, (3, 3), padding=1),
            *_conv2d(256, 256, (3, 3), padding=1), nn.MaxPool2d(3, stride=2),
            *_conv2d(256, 512, (5, 4), padding=0),
        )  # fmt: skip
        self.netfcaud = _head()
        self.netfclip = _head()
        self.netcnnlip = nn.Sequential(
            *_conv3d(3, 96, (SPAN, 7, 7), stride=2), _pool3d(),
            *_conv3d(96, 256, (1, 5, 5), stride=2, padding=1), _pool3d(padding=1),
            *_conv3d(256, 256, (1, 3, 3), padding=1),
            *_conv3d(256, 256, (1, 3, 3), padding=1),
            *_conv3d(256, 256, (1, 3, 3), padding=1), _pool3d(),
            *_conv3d(256, 512, (1, 6, 6)),
        )  # fmt: skip

    def audio(self, windows: Tensor) -> Tensor:
        """(N, 13, 20) float32 MFCC windows → (N, 1024) embeddings."""
        features: Tensor = self.netcnnaud(windows.unsqueeze(1))
        return self.netfcaud(features.flatten(1))  # type: ignore[no-any-return]

    def lip(self, windows: Tensor) -> Tensor:
        """(N, 3, 5, 224, 224) float32 windows of mouth crops, BGR in 0–255 → (N, 1024) embeddings."""
        features: Tensor = self.netcnnlip(windows)
        return self.netfclip(features.flatten(1))  # type: ignore[no-any-return]


def load(state: Mapping[str, Tensor]) -> SyncNet:
    """The network with the given weights, in evaluation mode.

    Raises:
        WeightsError: names or shapes are not those of `syncnet_v2.model`.
    """
    with torch.device("meta"):
        network = SyncNet()
    weights.fit(network, state, "syncnet")
    return network


def _conv2d(inputs: int, outputs: int, kernel: tuple[int, int], *, padding: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, kernel, padding=padding), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def _conv3d(
    inputs: int, outputs: int, kernel: tuple[int, int, int], *, stride: int = 1, padding: int = 0
) -> list[nn.Module]:
    """Stride and padding are spatial: time is only ever summed, in the first layer."""
    convolution = nn.Conv3d(inputs, outputs, kernel, stride=(1, stride, stride), padding=(0, padding, padding))
    return [convolution, nn.BatchNorm3d(outputs), nn.ReLU(inplace=True)]


def _pool3d(*, padding: int = 0) -> nn.MaxPool3d:
    return nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2), padding=(0, padding, padding))


def _head() -> nn.Sequential:
    return nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, EMBEDDING))
