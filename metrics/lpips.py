"""LPIPS: learned perceptual distance over features of AlexNet or VGG16."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.compute.batches import batch_size, batches
from bench.compute.convolution import convolution
from bench.compute.cores import side_by_side
from bench.compute.minimal_filtering.tiled_convolution import tiled_convolution
from bench.compute.scored_frames import ScoredFrames
from bench.compute.strided_convolution import folded_convolution, folding_pays
from bench.errors import WeightsError
from bench.outcome import Skip
from bench.weights import resolve
from bench.weights.loaded import shared
from bench.weights.resources import Resources
from metrics.metric import ClipFacts, FrameMean, Metric

Net = Literal["alex", "vgg"]
T = TypeVar("T")
R = TypeVar("R")

# The published code normalises ImageNet's pixels in [-1, 1] with these.
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
_EPS = 1e-10


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution with ReLU of a trunk: its index in torchvision's `features`, and what stands before and after it.

    `size` is the side of its input for frames of 256 pixels, for which its weights are laid out. With `tile`, it runs
    by minimal filtering on a CPU, where that was measured to be faster.
    """

    index: int
    size: int
    stride: int = 1
    padding: int = 1
    pooled: bool = False
    tapped: bool = True
    tile: int = 0


@dataclass(frozen=True, slots=True)
class Trunk:
    """A classifier's convolutions up to the last that LPIPS looks at; the tapped ones are compared."""

    weights: str
    pool: int
    smallest: int
    layers: tuple[Layer, ...]


TRUNKS: dict[Net, Trunk] = {
    "alex": Trunk(
        "alexnet",
        pool=3,
        smallest=31,
        layers=(
            Layer(0, 256, stride=4, padding=2),
            Layer(3, 31, padding=2, pooled=True, tile=4),
            Layer(6, 15, pooled=True, tile=3),
            Layer(8, 15, tile=3),
            Layer(10, 15, tile=3),
        ),
    ),
    "vgg": Trunk(
        "vgg16",
        pool=2,
        smallest=16,
        layers=(
            Layer(0, 256, tapped=False),
            Layer(2, 256),
            Layer(5, 128, pooled=True, tapped=False),
            Layer(7, 128),
            Layer(10, 64, pooled=True, tapped=False, tile=4),
            Layer(12, 64, tapped=False, tile=4),
            Layer(14, 64, tile=4),
            Layer(17, 32, pooled=True, tapped=False, tile=4),
            Layer(19, 32, tapped=False, tile=4),
            Layer(21, 32, tile=4),
            Layer(24, 16, pooled=True, tapped=False, tile=4),
            Layer(26, 16, tapped=False, tile=4),
            Layer(28, 16, tile=4),
        ),
    ),
}


class Lpips:
    """Trunk and linear heads on a device.

    Raises:
        WeightsError: a state dict is not that of its network.
    """

    def __init__(
        self, net: Net, trunk: Mapping[str, Tensor], heads: Mapping[str, Tensor], device: torch.device
    ) -> None:
        self.net, self.device, self.trunk = net, device, TRUNKS[net]
        try:
            self.convolutions = [_build(trunk, layer, device) for layer in self.trunk.layers]
            tapped = sum(layer.tapped for layer in self.trunk.layers)
            self.heads = [
                heads[f"lin{level}.model.1.weight"].detach().to(device, torch.float32).flatten()
                for level in range(tapped)
            ]
        except KeyError as error:
            raise WeightsError(
                f"LPIPS weights have no {error}: they are not those of {self.trunk.weights} and its heads"
            ) from None
        scale = torch.tensor(_SCALE, device=device)
        # Pixels p enter as ((p / 127.5 - 1) - shift) / scale.
        self.gain = (1 / (127.5 * scale.double())).float()[:, None, None]
        self.offset = (-(1 + torch.tensor(_SHIFT, device=device).double()) / scale.double()).float()[:, None, None]

    @torch.no_grad()
    def levels(self, pixels: Tensor) -> Iterator[Tensor]:
        """Unit features of every compared level, one after the other: (T, 3, H, W) uint8 → (T, C, h, w) float32."""
        x = pixels.to(self.device, torch.float32).mul_(self.gain).add_(self.offset)
        x = x.contiguous(memory_format=torch.channels_last)
        for layer, conv in zip(self.trunk.layers, self.convolutions, strict=True):
            if layer.pooled:
                x = F.max_pool2d(x, self.trunk.pool, 2)
            x = conv(x)
            if layer.tapped:
                yield x / (torch.linalg.vector_norm(x, dim=1, keepdim=True) + _EPS)

    def reference(self, ref: ScoredFrames) -> list[Tensor]:
        """Unit features of reference frames, computed once however many settings they are compared with."""

        def compute(frames: ScoredFrames) -> list[Tensor]:
            parts = self._each(lambda part: list(self.levels(part)), self._parts(frames))
            return [torch.cat(level) for level in zip(*parts, strict=True)]

        return ref.derived(f"lpips-{self.net}", compute)

    @torch.no_grad()
    def terms(self, pred: ScoredFrames, ref: ScoredFrames) -> Tensor:
        """The distance of every level: (levels, T) float64; their sum is LPIPS."""
        smallest = min(pred.pixels.shape[-2:])
        if smallest < self.trunk.smallest:
            raise Skip(f"LPIPS needs frames of {self.trunk.smallest} pixels or more, these have {smallest}")
        reference = self.reference(ref)
        parts = self._parts(pred)

        def compare(place: int) -> Tensor:
            part, start = parts[place], sum(map(len, parts[:place]))
            # A repeated frame on either side is there once, and stands for all.
            chosen = slice(start, start + len(part)) if len(part) > 1 or not pred.frames.repeated else slice(None)
            beside = [level if len(level) == 1 else level[chosen] for level in reference]
            levels = beside if pred is ref else self.levels(part)
            return torch.stack([_distance(*level) for level in zip(levels, beside, self.heads, strict=True)])

        joined = torch.cat(self._each(compare, range(len(parts))), 1)
        return joined.expand(-1, len(pred)) if joined.shape[1] == 1 else joined

    def _each(self, work: Callable[[T], R], parts: Sequence[T]) -> list[R]:
        """`work` on every part; side by side on the cores of a CPU, which would wait for each other in every layer."""
        return side_by_side(work, parts) if self.device.type == "cpu" else [work(part) for part in parts]

    def _parts(self, frames: ScoredFrames) -> list[Tensor]:
        pixels = frames.frames.distinct
        return batches(pixels, batch_size(self.device, cpu=4, other=32))


def _build(state: Mapping[str, Tensor], layer: Layer, device: torch.device) -> Callable[[Tensor], Tensor]:
    weight, bias = (state[f"features.{layer.index}.{part}"] for part in ("weight", "bias"))
    size = (layer.size, layer.size)
    if layer.stride > 1 and device.type == "cpu" and folding_pays():
        return folded_convolution(weight, bias, stride=layer.stride, padding=layer.padding, size=size)
    if layer.tile and device.type == "cpu":
        return tiled_convolution(weight, bias, tile=layer.tile, padding=layer.padding, size=size)
    return convolution(
        weight,
        bias,
        device=device,
        size=size,
        stride=layer.stride,
        padding=(layer.padding, layer.padding),
    )


def _distance(x: Tensor, y: Tensor, weights: Tensor) -> Tensor:
    """Mean over places of the weighted squared difference over channels: 2 × (T, C, h, w) → (T,) float64."""
    x, y = torch.broadcast_tensors(x, y)
    # One frame at a time, so that the order of summation does not hang on how many there are; and a processor's cache
    # holds one.
    size = 1 if x.device.type == "cpu" else len(x)
    frames: list[Tensor] = []
    for ours, theirs in zip(x.split(size), y.split(size), strict=True):
        squares = (ours - theirs).square_().permute(0, 2, 3, 1)
        weighted = torch.mv(squares.reshape(-1, len(weights)), weights).view(len(squares), -1)
        frames += [frame.mean(dtype=torch.float64) for frame in weighted]
    return torch.stack(frames)


def lpips(net: Net, resources: Resources) -> Lpips:
    """This process's network.

    Raises:
        Skip: weights are missing.
    """

    def build() -> Lpips:
        trunk, heads = (resolve(name, resources) for name in (TRUNKS[net].weights, f"lpips_{net}_heads"))
        return Lpips(net, trunk, heads, resources.device)

    return shared(f"lpips-{net}", resources, build)


def _begin(net: Net) -> Callable[[ClipFacts, Resources], FrameMean]:
    def begin(facts: ClipFacts, resources: Resources) -> FrameMean:
        network = lpips(net, resources)
        return FrameMean(lambda pred, ref: network.terms(pred, ref).sum(0))

    return begin


_metric = partial(
    Metric,
    version=1,
    direction="lower",
    unit="",
    source="Zhang et al. 2018 (arXiv 1801.03924), agreeing with lpips 0.1.4",
    bounds=(0.0, float("inf")),
    ideal=0.0,
    digits=4,
    lane="lpips",
)

LPIPS_ALEX = _metric(
    id="lpips",
    label="LPIPS",
    definition=(
        "LPIPS v0.1 with AlexNet (torchvision's ImageNet weights) and the published linear heads; RGB frames "
        "as scored, scaled to [-1, 1], not resized"
    ),
    begin=_begin("alex"),
    weights=("alexnet", "lpips_alex_heads"),
)

LPIPS_VGG = _metric(
    id="lpips_vgg",
    label="LPIPS (VGG)",
    definition=(
        "LPIPS v0.1 with VGG16 (torchvision's ImageNet weights) and the published linear heads; RGB frames "
        "as scored, scaled to [-1, 1], not resized"
    ),
    begin=_begin("vgg"),
    weights=("vgg16", "lpips_vgg_heads"),
)
