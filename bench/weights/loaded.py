"""Networks of this process: each loaded once, and fed in batches that suit the device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from bench.weights import weights_digest
from bench.weights.resources import Resources

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
    return "-".join([name, *(weights_digest(each, resources)[:16] for each in weights), resources.device.type])
