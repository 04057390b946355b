"""Pseudo-random SyncNet weights that anybody can make again (the golden values were computed with them)."""

import zlib
from functools import cache

import numpy as np
import torch

from syncnet.network import SyncNet

_GAINS = {
    "netcnnlip.0.weight": 2**0.5 / 128,
    "netcnnaud.0.weight": 2**0.5 / 12,
    "netfclip.3.weight": 0.15,
    "netfcaud.3.weight": 0.1,
}


@cache
def weights() -> dict[str, torch.Tensor]:
    """State dict with the names of `syncnet_v2.model`."""
    with torch.device("meta"):
        shapes = {name: tuple(tensor.shape) for name, tensor in SyncNet().state_dict().items()}
    return {name: _tensor(name, shape, shapes) for name, shape in shapes.items()}


def _tensor(name: str, shape: tuple[int, ...], shapes: dict[str, tuple[int, ...]]) -> torch.Tensor:
    if name.endswith("num_batches_tracked"):
        return torch.zeros((), dtype=torch.long)
    shared = name in ("netfclip.3.bias", "netfcaud.3.bias")
    seed = zlib.crc32(("syncnet." + ("netfc.3.bias" if shared else name)).encode())
    draw = np.random.Generator(np.random.PCG64(seed)).standard_normal(shape)
    module, kind = name.rsplit(".", 1)
    if len(shape) >= 2:
        value = draw * _GAINS.get(name, 2**0.5) / np.sqrt(np.prod(shape[1:]))
    elif shared:
        value = 0.4 * draw
    elif kind == "running_var":
        value = 1 + 0.2 * np.abs(draw)
    elif kind == "weight":
        value = 1 + 0.1 * draw
    elif kind == "running_mean" or f"{module}.running_mean" in shapes:
        value = 0.1 * draw
    else:
        value = 0.05 * draw
    return torch.from_numpy(value.astype(np.float32))
