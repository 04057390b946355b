"""Whether our kernels give on this machine what the implementations give that papers cite, one picture each.

Which convolutions run here hangs on the processor (`bench.compute`). The tests hold them against these peers where they
run; `benchmark.py doctor` does where the numbers are made. Nothing here is part of a run: torchvision takes as long to
import as torch.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

import torch
from torch import Tensor

from bench.weights import files, resolve
from bench.weights.resources import Resources

State = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far ours is from a peer: levels of a picture, or the largest difference over the peer's largest value."""

    peer: str
    difference: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether the two are the same but for rounding; NaN is not."""
        return self.difference <= self.tolerance


def resize() -> Agreement:
    """The default kernel against `skimage.transform.resize`: levels beside what rounding explains."""
    import numpy as np
    from skimage.transform import resize as peer

    from bench.media.resize import resize as ours

    pixels = _noise(97, 113)
    wanted = np.stack([peer(frame.permute(1, 2, 0).numpy(), (64, 80)) for frame in pixels]) * 255
    found = ours(pixels, (64, 80)).permute(0, 2, 3, 1).numpy()
    beyond = np.abs(found - wanted) - 0.5  # ours is rounded, theirs is not
    return Agreement(_named("scikit-image"), max(0.0, float(beyond.max())), 1e-6)


def inception() -> Agreement:
    """FID's network against pytorch-fid's: its blocks in torchvision's InceptionV3."""
    import torchvision
    from pytorch_fid import inception as fid

    from metrics.distribution.inception import SIZE, Inception

    with torch.device("meta"):
        peer = torchvision.models.inception_v3(num_classes=1008, aux_logits=False, init_weights=False)
    blocks = {torchvision.models.inception.InceptionA: fid.FIDInceptionA}
    blocks |= {torchvision.models.inception.InceptionC: fid.FIDInceptionC}
    for block in peer.children():
        block.__class__ = blocks.get(type(block), type(block))
    peer.Mixed_7b.__class__, peer.Mixed_7c.__class__ = fid.FIDInceptionE_1, fid.FIDInceptionE_2
    state = _state("inception", peer.state_dict())
    peer.load_state_dict(state, assign=True)
    peer.fc = torch.nn.Identity()
    pixels = _noise(SIZE, SIZE)
    with torch.no_grad():
        wanted = peer.eval()(pixels / 127.5 - 1)
    return _compared(f"{_named('pytorch-fid')}, {_named('torchvision')}", Inception(state, _CPU)(pixels), wanted, 1e-4)


def lpips() -> Agreement:
    """LPIPS with AlexNet against the package lpips, whose trunk is torchvision's."""
    import lpips as package
    import torchvision

    from bench.compute.scored_frames import ScoredFrames
    from metrics.lpips import Lpips

    with torch.device("meta"):
        trunk = torchvision.models.alexnet(weights=None)
    state = _state("alexnet", {name: tensor for name, tensor in trunk.state_dict().items() if "features" in name})
    with warnings.catch_warnings(action="ignore"):  # it calls torchvision in a deprecated way
        peer = package.LPIPS(net="alex", pnet_rand=True, verbose=False).eval()
    peer.net.load_state_dict({name: state[f"features.{name.partition('.')[2]}"] for name in peer.net.state_dict()})
    pred, ref = _noise(64, 64).split(1)
    with torch.no_grad():
        wanted = peer(ref / 127.5 - 1, pred / 127.5 - 1).flatten().double()
    ours = Lpips("alex", state, resolve("lpips_alex_heads", Resources(download=False)), _CPU)
    found = ours.terms(ScoredFrames.of(pred), ScoredFrames.of(ref)).sum(0)
    return _compared(f"{_named('lpips')}, {_named('torchvision')}", found, wanted, 1e-4)


AGREEMENTS: Final[dict[str, Callable[[], Agreement]]] = {"resize": resize, "inception": inception, "lpips": lpips}

_CPU: Final = torch.device("cpu")


def _noise(height: int, width: int) -> Tensor:
    """Two pictures, (2, 3, height, width) uint8."""
    return torch.randint(0, 256, (2, 3, height, width), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def _state(name: str, shapes: State) -> State:
    """The weights `name` that are here, else random ones of these shapes that neither fade nor grow on their way."""
    if files.locate(name) is not None:
        return resolve(name, Resources(download=False))
    random = torch.Generator().manual_seed(0)
    state: State = {}
    for key, tensor in shapes.items():
        if key.endswith(("running_var", "bn.weight")):
            state[key] = torch.ones(tensor.shape)
        elif key.endswith("weight"):
            gain = math.sqrt(2 / math.prod(tensor.shape[1:]))
            state[key] = gain * torch.randn(tensor.shape, generator=random)
        else:
            state[key] = torch.zeros(tensor.shape, dtype=tensor.dtype)
    return state


def _compared(peer: str, found: Tensor, wanted: Tensor, tolerance: float) -> Agreement:
    return Agreement(peer, float((found - wanted).abs().max() / wanted.abs().max()), tolerance)


def _named(package: str) -> str:
    return f"{package} {version(package)}"
