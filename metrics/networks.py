"""Networks of this process: each loaded once, and fed in batches that suit the device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

import torch
from torch import Tensor

from bench.weights import identity
from metrics.metric import Resources

N = TypeVar("N")


def shared(key: str, resources: Resources, build: Callable[[], N]) -> N:
    """The network called `key`, built at the first asking and kept in `resources`."""
    if key not in resources.networks:
        resources.networks[key] = build()
    return cast(N, resources.networks[key])


def stored_key(name: str, weights: Sequence[str], resources: Resources) -> str:
    """The key under which features of frames are kept on disk: all that they depend on beside the pixels.

    `name` is that of the extraction, with its version; `weights` are those that it loads.

    Raises:
        Skip: they are missing.
    """
    return "-".join([name, *(identity(each, resources)[:16] for each in weights), resources.device.type])


def batches(pixels: Tensor, size: int) -> list[Tensor]:
    """`pixels` (T, …) in runs of nearly equal length, none longer than `size`.

    Equal runs keep a processor better fed than full ones with a short one at the end.
    """
    return list(pixels.tensor_split(max(1, -(-len(pixels) // size))))


def batch_size(device: torch.device, *, cpu: int, other: int) -> int:
    """Frames that go through a network at a time: few on a CPU, whose caches they must fit, many elsewhere."""
    return cpu if device.type == "cpu" else other
