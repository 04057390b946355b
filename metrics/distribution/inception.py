"""InceptionV3 as FID defines it: the network of Szegedy et al. (arXiv 1512.00567) with TensorFlow's weights of 2015.

Names and shapes of the state dict are those of `pt_inception-2015-12-05-6726825d.pth`. Differences from the textbook
network, all of the TensorFlow graph that FID was defined with: average pooling does not count the padding, and the last
block pools by maximum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.compute.batches import batch_size, batches
from bench.compute.bilinear import bilinear
from bench.compute.convolution import Convolution, convolution, fold_batch_norm, merged
from bench.compute.cores import SideBySide
from bench.compute.scored_frames import ScoredFrames
from bench.errors import WeightsError
from bench.weights import resolve
from bench.weights.loaded import shared, stored_key
from bench.weights.resources import Resources

SIZE = 299
DIMENSIONS = 2048
VERSION = 1  # of the extraction; a change to its values makes stored features worthless
_EPS = 0.001

Parameters = tuple[Tensor, Tensor]


def features(frames: ScoredFrames, resources: Resources) -> Tensor:
    """Pool features (T, 2048) float32 of every frame; each frame goes through the network once for all metrics.

    Raises:
        Skip: the weights are missing.
    """
    extractor = network(resources)
    size = batch_size(resources.device, cpu=4, other=64)
    key = stored_key(f"inception-{VERSION}", ["inception"], resources)
    return frames.per_frame(
        key, lambda pixels: torch.cat(extractor.cores.map(extractor, batches(pixels, size))), keep=True
    )


def network(resources: Resources) -> Inception:
    """This process's network.

    Raises:
        Skip: the weights are missing.
    """

    def build() -> Inception:
        return Inception(resolve("inception", resources), resources.device, cores=resources.cores)

    return shared("inception", resources, build)


class Inception:
    """Pool features of frames: (T, 3, H, W) uint8 → (T, 2048) float32, on `device`.

    Batch norm is folded into the convolutions, pixel scaling into the first of them, 1×1 convolutions that read the
    same input run as one, and those behind an average pooling run before it (both are linear), on fewer channels.
    `cores` of a CPU take batches side by side; default: as many as torch uses here.

    Raises:
        WeightsError: `state` is not the state dict of this network.
    """

    def __init__(self, state: Mapping[str, Tensor], device: torch.device, *, cores: int | None = None) -> None:
        self.device = device
        cores = cores or torch.get_num_threads()
        self.cores = SideBySide(cores if device.type == "cpu" else 1)
        layers = _Layers(state, device)
        weight, bias = layers.parameters("Conv2d_1a_3x3")
        # Pixels p enter as 2 p / 255 - 1. There is no padding here, so the constant goes into the bias exactly.
        self.conv_1a = layers.build((weight * (2 / 255), bias - weight.sum((1, 2, 3))), 299, stride=2)
        self.conv_2a = layers.conv("Conv2d_2a_3x3", 149)
        self.conv_2b = layers.conv("Conv2d_2b_3x3", 147, padding=(1, 1))
        self.conv_3b = layers.conv("Conv2d_3b_1x1", 73)
        self.conv_4a = layers.conv("Conv2d_4a_3x3", 73)
        self.mixed: list[Callable[[Tensor], Tensor]] = [
            _Mixed35(layers, "Mixed_5b"),
            _Mixed35(layers, "Mixed_5c"),
            _Mixed35(layers, "Mixed_5d"),
            _Reduce35(layers, "Mixed_6a"),
            _Mixed17(layers, "Mixed_6b"),
            _Mixed17(layers, "Mixed_6c"),
            _Mixed17(layers, "Mixed_6d"),
            _Mixed17(layers, "Mixed_6e"),
            _Reduce17(layers, "Mixed_7a"),
            _Mixed8(layers, "Mixed_7b", average=True),
            _Mixed8(layers, "Mixed_7c", average=False),
        ]

    @torch.no_grad()
    def __call__(self, pixels: Tensor) -> Tensor:
        """Features of one batch."""
        # The first layers are large: frame by frame they stay in a processor's cache.
        x = torch.cat([self._stem(part) for part in pixels.split(1 if self.device.type == "cpu" else len(pixels))])
        for block in self.mixed:
            x = block(x)
        return x.mean((2, 3))

    def _stem(self, pixels: Tensor) -> Tensor:
        """(T, 3, H, W) → (T, 192, 35, 35)."""
        x = pixels.to(self.device, torch.float32)
        if x.shape[-2:] != (SIZE, SIZE):
            x = bilinear(x, SIZE, SIZE)
        x = x.contiguous(memory_format=torch.channels_last)
        x = self.conv_2b(self.conv_2a(self.conv_1a(x)))
        x = F.max_pool2d(x, 3, 2)
        x = self.conv_4a(self.conv_3b(x))
        return F.max_pool2d(x, 3, 2)


class _Layers:
    """The state dict, read layer by layer."""

    def __init__(self, state: Mapping[str, Tensor], device: torch.device) -> None:
        self.state = state
        self.device = device

    def parameters(self, name: str) -> Parameters:
        """Folded weight and bias (float64) of a convolution with batch norm."""
        keys = ["conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"]
        try:
            weight, *norm = (self.state[f"{name}.{key}"] for key in keys)
        except KeyError as error:
            raise WeightsError(
                f"Inception weights have no {error}: they are not the FID network's state dict"
            ) from None
        return fold_batch_norm(weight, *norm, eps=_EPS)

    def build(
        self,
        parameters: Parameters,
        size: int,
        stride: int = 1,
        padding: tuple[int, int] = (0, 0),
        rectify: bool = True,
    ) -> Convolution:
        weight, bias = parameters
        return convolution(
            weight,
            bias,
            device=self.device,
            size=(size, size),
            stride=stride,
            padding=padding,
            rectify=rectify,
        )

    def conv(
        self,
        name: str,
        size: int,
        *,
        stride: int = 1,
        padding: tuple[int, int] = (0, 0),
        rectify: bool = True,
    ) -> Convolution:
        return self.build(self.parameters(name), size, stride, padding, rectify)

    def heads(self, block: str, branches: list[str], size: int) -> tuple[Convolution, list[int]]:
        """The 1×1 convolutions that all read a block's input, as one, and how many channels each has."""
        parts = [self.parameters(f"{block}.{branch}") for branch in branches]
        return self.build(merged(parts), size), [weight.shape[0] for weight, _ in parts]


def _average(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


class _Mixed35:
    """Mixed_5b to 5d, at 35×35."""

    def __init__(self, layers: _Layers, name: str) -> None:
        self.heads, self.channels = layers.heads(name, ["branch1x1", "branch5x5_1", "branch3x3dbl_1"], 35)
        self.conv5 = layers.conv(f"{name}.branch5x5_2", 35, padding=(2, 2))
        self.conv3a = layers.conv(f"{name}.branch3x3dbl_2", 35, padding=(1, 1))
        self.conv3b = layers.conv(f"{name}.branch3x3dbl_3", 35, padding=(1, 1))
        self.pool = layers.conv(f"{name}.branch_pool", 35, rectify=False)

    def __call__(self, x: Tensor) -> Tensor:
        one, five, three = torch.split(self.heads(x), self.channels, 1)
        pooled = _average(self.pool(x)).relu_()
        return torch.cat([one, self.conv5(five), self.conv3b(self.conv3a(three)), pooled], 1)


class _Reduce35:
    """Mixed_6a, from 35×35 to 17×17."""

    def __init__(self, layers: _Layers, name: str) -> None:
        self.conv3 = layers.conv(f"{name}.branch3x3", 35, stride=2)
        self.conv1 = layers.conv(f"{name}.branch3x3dbl_1", 35)
        self.conv3a = layers.conv(f"{name}.branch3x3dbl_2", 35, padding=(1, 1))
        self.conv3b = layers.conv(f"{name}.branch3x3dbl_3", 35, stride=2)

    def __call__(self, x: Tensor) -> Tensor:
        double = self.conv3b(self.conv3a(self.conv1(x)))
        return torch.cat([self.conv3(x), double, F.max_pool2d(x, 3, 2)], 1)


class _Mixed17:
    """Mixed_6b to 6e, at 17×17: 7×7 convolutions as pairs of 1×7 and 7×1."""

    def __init__(self, layers: _Layers, name: str) -> None:
        along, across = (0, 3), (3, 0)
        self.heads, self.channels = layers.heads(name, ["branch1x1", "branch7x7_1", "branch7x7dbl_1"], 17)
        self.single = [
            layers.conv(f"{name}.branch7x7_{index}", 17, padding=padding)
            for index, padding in [(2, along), (3, across)]
        ]
        self.double = [
            layers.conv(f"{name}.branch7x7dbl_{index}", 17, padding=padding)
            for index, padding in [(2, across), (3, along), (4, across), (5, along)]
        ]
        self.pool = layers.conv(f"{name}.branch_pool", 17, rectify=False)

    def __call__(self, x: Tensor) -> Tensor:
        one, single, double = torch.split(self.heads(x), self.channels, 1)
        for conv in self.single:
            single = conv(single)
        for conv in self.double:
            double = conv(double)
        return torch.cat([one, single, double, _average(self.pool(x)).relu_()], 1)


class _Reduce17:
    """Mixed_7a, from 17×17 to 8×8."""

    def __init__(self, layers: _Layers, name: str) -> None:
        self.heads, self.channels = layers.heads(name, ["branch3x3_1", "branch7x7x3_1"], 17)
        self.conv3 = layers.conv(f"{name}.branch3x3_2", 17, stride=2)
        self.seven = [
            layers.conv(f"{name}.branch7x7x3_2", 17, padding=(0, 3)),
            layers.conv(f"{name}.branch7x7x3_3", 17, padding=(3, 0)),
            layers.conv(f"{name}.branch7x7x3_4", 17, stride=2),
        ]

    def __call__(self, x: Tensor) -> Tensor:
        three, seven = torch.split(self.heads(x), self.channels, 1)
        for conv in self.seven:
            seven = conv(seven)
        return torch.cat([self.conv3(three), seven, F.max_pool2d(x, 3, 2)], 1)


class _Mixed8:
    """Mixed_7b and 7c, at 8×8; the first pools by average, the second by maximum."""

    def __init__(self, layers: _Layers, name: str, *, average: bool) -> None:
        along, across = (0, 1), (1, 0)
        self.average = average
        self.heads, self.channels = layers.heads(name, ["branch1x1", "branch3x3_1", "branch3x3dbl_1"], 8)
        self.single = [
            layers.conv(f"{name}.branch3x3_2a", 8, padding=along),
            layers.conv(f"{name}.branch3x3_2b", 8, padding=across),
        ]
        self.conv3 = layers.conv(f"{name}.branch3x3dbl_2", 8, padding=(1, 1))
        self.double = [
            layers.conv(f"{name}.branch3x3dbl_3a", 8, padding=along),
            layers.conv(f"{name}.branch3x3dbl_3b", 8, padding=across),
        ]
        self.pool = layers.conv(f"{name}.branch_pool", 8, rectify=not average)

    def __call__(self, x: Tensor) -> Tensor:
        one, single, double = torch.split(self.heads(x), self.channels, 1)
        double = self.conv3(double)
        pooled = _average(self.pool(x)).relu_() if self.average else self.pool(F.max_pool2d(x, 3, 1, 1))
        branches = [one, *(conv(single) for conv in self.single), *(conv(double) for conv in self.double)]
        return torch.cat([*branches, pooled], 1)
