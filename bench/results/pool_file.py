"""One clip's share of the suite-wide values (FID, KID), as a file of arrays.

A safetensors file. Arrays are called by the digest of what is in them: rows that are compared with the same reference
have it there once. Which array is what, by row, metric and name, is JSON in the file's metadata, under `pools`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from bench.files.atomic_write import write_atomically
from bench.outcome import Pool
from metrics.distribution.shared_arrays import digest

Pools = Mapping[str, Mapping[str, Pool]]
"""Row → metric id → pool."""


def write_pools(pools: Pools, path: Path) -> None:
    """Write the pools of one clip, whole or not at all."""
    arrays: dict[str, NDArray[Any]] = {}

    def name(array: NDArray[Any]) -> str:
        called = digest(b"", array).hex()
        arrays.setdefault(called, array)
        return called

    index = {
        row: {
            metric: {part: name(array) for part, array in pool.to_arrays().items()}
            for metric, pool in by_metric.items()
        }
        for row, by_metric in pools.items()
    }
    write_arrays(path, arrays, {"pools": json.dumps(index)})


def write_arrays(path: Path, arrays: dict[str, NDArray[Any]], metadata: dict[str, str]) -> None:
    """A safetensors file, whole or not at all, with the rights of any new file.

    Raises:
        OSError: it cannot be written.
    """

    def write(temporary: Path) -> None:
        rights = temporary.stat().st_mode
        save_file(arrays, temporary, metadata)  # for this user alone
        temporary.chmod(rights)

    try:
        write_atomically(path, write)
    except SafetensorError as error:  # a full disk is one
        raise OSError(str(error)) from None


def read_pools(path: Path, kinds: Mapping[str, type[Pool]]) -> dict[str, dict[str, Pool]]:
    """What `write_pools` was given, to the last bit; `kinds` says which pool a metric has.

    What pools had in common in the file they have in common in memory.
    """
    with safe_open(path, framework="numpy") as file:
        index = json.loads(file.metadata()["pools"])
        arrays = {called: file.get_tensor(called) for called in file.keys()}  # noqa: SIM118, it is no mapping
    for array in arrays.values():
        array.setflags(write=False)  # several may keep it
    return {
        row: {
            metric: kinds[metric].of_arrays({part: arrays[called] for part, called in parts.items()})
            for metric, parts in by_metric.items()
        }
        for row, by_metric in index.items()
    }
