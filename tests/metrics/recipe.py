"""Pseudo-random weights for full-size networks: the recipe of the golden values, made of names and shapes alone."""

import json
import zlib
from functools import cache

import numpy as np
import torch

from metrics.lpips import TRUNKS
from tests.material import DATA

CHANNELS = {
    "alexnet": {0: (64, 3, 11), 3: (192, 64, 5), 6: (384, 192, 3), 8: (256, 384, 3), 10: (256, 256, 3)},
    "vgg16": {
        0: (64, 3, 3),
        2: (64, 64, 3),
        5: (128, 64, 3),
        7: (128, 128, 3),
        10: (256, 128, 3),
        12: (256, 256, 3),
        14: (256, 256, 3),
        17: (512, 256, 3),
        19: (512, 512, 3),
        21: (512, 512, 3),
        24: (512, 512, 3),
        26: (512, 512, 3),
        28: (512, 512, 3),
    },
}
GAIN = {"inception": 1.55, "alexnet": 2**0.5, "vgg16": 2**0.5}


def shapes(net: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the state dict (of the trunks: what LPIPS looks at)."""
    if net == "inception":
        listed = json.loads((DATA / "inception_shapes.json").read_text())
        return {name: tuple(shape) for name, shape in listed.items()}
    found = {}
    for index, (outputs, inputs, side) in CHANNELS[net].items():
        found[f"features.{index}.weight"] = (outputs, inputs, side, side)
        found[f"features.{index}.bias"] = (outputs,)
    return found


@cache
def state(net: str) -> dict[str, torch.Tensor]:
    """The state dict of `inception`, `alexnet` or `vgg16`."""
    listed = shapes(net)
    return {name: _tensor(net, name, shape, listed) for name, shape in listed.items()}


def _tensor(net, name, shape, listed):
    module, _, kind = name.rpartition(".")
    if kind == "num_batches_tracked":
        return torch.tensor(0)
    seed = zlib.crc32(f"{net}.{name}".encode())
    n = np.random.Generator(np.random.PCG64(seed)).standard_normal(shape)
    normed = f"{module}.running_mean" in listed
    if kind == "running_mean":
        n = 0.1 * n
    elif kind == "running_var":
        n = 1 + 0.2 * np.abs(n)
    elif len(shape) >= 2:
        n = n * GAIN[net] / np.sqrt(np.prod(shape[1:]))
    elif normed:
        n = 1 + 0.1 * n if kind == "weight" else 0.1 * n
    else:
        n = 0.05 * n
    return torch.from_numpy(n.astype(np.float32))


def weights() -> dict[str, dict[str, torch.Tensor]]:
    """For `Resources.weights`: everything that FID, KID and LPIPS load, the heads excepted."""
    return {net: state(net) for net in ("inception", *(trunk.weights for trunk in TRUNKS.values()))}
