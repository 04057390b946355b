"""State dicts for the networks: injected, found, or fetched; tensors only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import WeightsError
from bench.files.arrays import read_arrays
from bench.files.presence import is_file
from bench.weights import files
from bench.weights.known_networks import nearest
from bench.weights.registry import get

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from bench.weights.resources import Resources

_COUNTER = "num_batches_tracked"
_failed: dict[tuple[str, Path | None], str] = {}


def resolve(name: str, resources: Resources) -> dict[str, Tensor]:
    """The state dict of the registered weights `name`, on the CPU.

    It is what `resources.weights` injects, else the verified file on this machine, else a file that is fetched now,
    unless `resources.download` is off. A fetch that fails is not tried again in this process.

    Raises:
        Skip: the weights are missing; the reason names the command that fetches them.
        WeightsError: the file is damaged, or holds anything but tensors.
    """
    injected = resources.weights.get(name)
    if isinstance(injected, dict):
        return injected
    path = _file(name, resources)
    return load_tensors(path)


def fill(network: Module, name: str, resources: Resources) -> None:
    """Load the registered weights `name` into their network, and set it up for inference.

    Raises as `resolve` does, and WeightsError where they are another network's.
    """
    fit(network, resolve(name, resources), name)
    pin(name, resources)


def fit(network: Module, state: Mapping[str, Tensor], name: str) -> None:
    """Give a network (which may be on the device `meta`) the tensors in `state` that are its own, by name and shape.

    Counters that only training reads may be missing: files of old torch have none.

    Raises:
        WeightsError: they are not the weights `name`; the first tensor that does not fit is named.
    """
    import torch

    expected = network.state_dict()
    # Not zeros_like: torch asks its symbolic algebra about a tensor on `meta`, which takes 0.2 s to import.
    counters = {
        key: torch.zeros(tensor.shape, dtype=tensor.dtype) for key, tensor in expected.items() if key.endswith(_COUNTER)
    }
    given = {**counters, **state}
    wrong = sorted(expected.keys() ^ given.keys()) or [
        key for key, tensor in expected.items() if tensor.shape != given[key].shape
    ]
    if wrong:
        like = nearest(state)
        seems = f"; they look like those of {like}" if like is not None and f"'{name}'" not in like else ""
        raise WeightsError(
            f"weights '{name}' do not fit their network at '{wrong[0]}' ({len(wrong)} such tensors){seems}: "
            f"give those of '{get(name).file}', or leave them out"
        )
    network.load_state_dict({key: given[key].to(expected[key].dtype) for key in expected}, assign=True)
    network.eval().requires_grad_(False)


def pin(name: str, resources: Resources) -> None:
    """Pin the file of the weights `name`, which have just been loaded as their network, where it was found by name."""
    if name not in resources.weights:
        path = files.locate(name, resources.weights_dir)
        if path is not None:
            files.pin(get(name), path)


def weights_digest(name: str, resources: Resources) -> str:
    """sha256 of what `resolve` gives: of the file, or of an injected state dict's names, shapes and values.

    Raises as `resolve` does.
    """
    injected = resources.weights.get(name)
    if not isinstance(injected, dict):
        return files.digest(_file(name, resources))
    key = f"sha256 of {name}"
    if key not in resources.networks:
        resources.networks[key] = _state_digest(injected)
    return str(resources.networks[key])


def load_tensors(path: Path) -> dict[str, Tensor]:
    """The state dict in a file of `torch.save` or of safetensors, or of numpy's `.npz` (half precision as float32).

    Nothing that the file carries is executed. What stands beside its tensors is left out, as are the prefixes of
    parallel training.

    Raises:
        WeightsError: it holds something else, or cannot be read.
    """
    import torch

    from bench.weights.tensor_files import plain_name, read_file

    if path.suffix == ".npz":
        return _load_arrays(path)
    try:
        state = read_file(path).value
    except WeightsError as error:
        raise WeightsError(f"'{path}' {error}") from None
    entries = state.items() if isinstance(state, Mapping) else ()
    tensors = {plain_name(str(name)): value for name, value in entries if isinstance(value, torch.Tensor)}
    if not tensors:
        raise WeightsError(f"{path} is not a state dict: it holds more or other things than named tensors")
    return tensors


def _load_arrays(path: Path) -> dict[str, Tensor]:
    import torch

    try:
        arrays = {name: torch.from_numpy(array) for name, array in read_arrays(path).items()}
    except (OSError, ValueError, TypeError) as error:  # of a type that torch does not know
        raise WeightsError(f"{path} cannot be read as a file of arrays ({error}): install this package anew") from None
    return {name: array.float() if array.dtype == torch.float16 else array for name, array in arrays.items()}


def _file(name: str, resources: Resources) -> Path:
    """The verified file behind `name`."""
    injected = resources.weights.get(name)
    if injected is not None:
        assert isinstance(injected, Path)
        if not is_file(injected):
            raise WeightsError(f"weights '{name}': there is no file {injected}")
        return injected
    path = files.locate(name, resources.weights_dir)
    if path is None:
        return _fetch_once(name, resources)
    files.verified(get(name), path)
    return path


def _fetch_once(name: str, resources: Resources) -> Path:
    from bench.outcome import Skip

    key = (name, resources.weights_dir)
    remedy = f"weights missing: {name}, {get(name).remedy}"
    if not resources.download:
        raise Skip(remedy)
    if key not in _failed:
        from bench.weights.fetch import fetch

        try:
            return fetch(name, resources.weights_dir, give_up_on_silent_hosts=True)
        except WeightsError as error:
            _failed[key] = str(error)
    raise Skip(f"{remedy} ({_failed[key]})")


def _state_digest(state: dict[str, Tensor]) -> str:
    total = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        total.update(tensor.numpy().tobytes())
    return total.hexdigest()
