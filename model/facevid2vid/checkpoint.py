"""Reading and writing face-vid2vid checkpoints: tensors only, nothing that a file carries is executed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from bench.errors import WeightsError
from bench.files.atomic_write import write_atomically
from bench.files.presence import is_there
from bench.weights.inert_pickle import Call
from bench.weights.known_networks import nearest
from bench.weights.tensor_files import plain_name, read_file
from model.facevid2vid.architecture import Architecture
from model.facevid2vid.networks import INFERENCE, NETWORKS
from model.facevid2vid.variant import Evidence, Variant, architecture_of, choose_variant

log = logging.getLogger(__name__)

State = dict[str, dict[str, Tensor]]

_AVERAGED = "n_averaged"  # a counter that torch's averaged models keep beside their tensors


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """Tensors by network and name, with what they were found to be.

    `reason` says in words why `variant` was chosen.
    """

    path: Path
    architecture: Architecture
    variant: Variant
    reason: str
    networks: State
    epoch: int | None


def read_checkpoint(path: Path, *, variant: Variant | None = None) -> Checkpoint:
    """Read `.pth.tar` (or any file of `torch.save`) or safetensors, whatever it is called, packed or unpacked.

    Prefixes of parallel training and of compilation are stripped, and tensors of every precision become the network's
    own. What stands beside the networks is left alone: nothing of it is executed. The architecture is read off the
    tensors; what they cannot tell is decided by `model.facevid2vid.variant.choose_variant`, and logged.

    Raises:
        WeightsError: no such file, not a checkpoint (the sentence says what it is), or its tensors are not those of a
            face-vid2vid network (the first that is missing, unexpected or of the wrong shape is named).
    """
    if not is_there(path):
        raise WeightsError(f"checkpoint '{path}' does not exist: give the path of a face-vid2vid checkpoint")
    networks, evidence, epoch = _read(path)
    architecture = architecture_of(path, networks)
    architecture, chosen, reason = choose_variant(path, architecture, evidence, variant)
    networks = _fitted(path, architecture, networks)
    log.info("checkpoint %s: variant %s, %s", path.name, chosen, reason)
    return Checkpoint(path, architecture, chosen, reason, networks, epoch)


def convert(path: Path, target: Path, *, variant: Variant | None = None) -> Checkpoint:
    """Write the networks of a checkpoint as safetensors; the chosen variant and the epoch go into its metadata.

    Optimizer states are left behind.

    Raises:
        WeightsError: as `read_checkpoint`, or `target` does not end in `.safetensors`, or cannot be written.
    """
    if target.suffix != ".safetensors":
        raise WeightsError(f"'{target}' does not end in .safetensors: name the converted file so")
    checkpoint = read_checkpoint(path, variant=variant)
    tensors = {
        f"{network}.{name}": tensor.contiguous()
        for network, state in checkpoint.networks.items()
        for name, tensor in state.items()
    }
    metadata = {"format": "facevid2vid", "variant": checkpoint.variant}
    if checkpoint.epoch is not None:
        metadata["epoch"] = str(checkpoint.epoch)
    try:
        target.parent.stat()  # a folder that is not there may be a slip of the pen: it is not made
        write_atomically(target, lambda temporary: save_file(tensors, temporary, metadata))
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"'{target}' cannot be written ({error}): name another place") from error
    return checkpoint


def _read(path: Path) -> tuple[State, Evidence, int | None]:
    try:
        content = read_file(path)
    except WeightsError as error:
        raise WeightsError(f"checkpoint '{path}' {error}") from None
    if not isinstance(content.value, Mapping):
        raise WeightsError(
            f"checkpoint '{path}' holds {_article(content.value)}, not networks by name: a face-vid2vid checkpoint is "
            "needed"
        )
    holder, networks = _networks_in(path, content.value)
    epoch = content.metadata.get("epoch", holder.get("epoch"))
    recorded = content.metadata.get("variant", holder.get("variant"))
    evidence = Evidence(
        recorded=recorded if isinstance(recorded, str) else None,
        optimizer_keys=_optimizer_keys(holder.get("optimizer_generator")),
    )
    if isinstance(epoch, str):
        epoch = int(epoch) if epoch.isdecimal() and len(epoch) < 10 else None
    return networks, evidence, epoch if isinstance(epoch, int) else None


def _networks_in(path: Path, content: Mapping[object, object]) -> tuple[Mapping[object, object], State]:
    """The entries among which the networks stand, and the networks: at the top, or one level below."""
    inner = [value for value in content.values() if isinstance(value, Mapping)]
    for holder in (content, *inner):
        networks = _networks(path, holder)
        if all(name in networks for name in INFERENCE):
            return holder, networks
    networks = _networks(path, content)
    missing = next(name for name in INFERENCE if name not in networks)
    found = ", ".join(sorted(networks)) or "none that is known"
    like = nearest(_names(content))
    seems = f"; it looks like {like}" if like not in (None, "face-vid2vid") else ""
    raise WeightsError(
        f"checkpoint '{path}' has no network '{missing}' (found: {found}){seems}: a face-vid2vid checkpoint is needed"
    )


def _networks(path: Path, content: Mapping[object, object]) -> State:
    """Networks as entries of their own, or their tensors all in one with the network's name before theirs."""
    networks: State = {}
    for network in NETWORKS:
        state = next((value for key, value in content.items() if plain_name(str(key)) == network), None)
        if state is None:
            continue
        if not isinstance(state, Mapping):
            raise WeightsError(f"checkpoint '{path}': '{network}' is {_article(state)}, not tensors by name")
        for name, tensor in state.items():
            if not isinstance(tensor, Tensor):
                raise WeightsError(f"checkpoint '{path}': '{network}.{name}' is {_article(tensor)}, not a tensor")
            networks.setdefault(network, {})[plain_name(str(name))] = tensor
    for key, tensor in content.items():
        network, _, name = plain_name(str(key)).partition(".")
        if network in NETWORKS and isinstance(tensor, Tensor):
            networks.setdefault(network, {})[name] = tensor
    for state in networks.values():
        state.pop(_AVERAGED, None)
    return networks


def _names(content: Mapping[object, object], before: str = "") -> Iterator[str]:
    """Names of all tensors, with those of what they stand in; the first level as well without."""
    for key, value in content.items():
        if isinstance(value, Tensor):
            yield f"{before}{plain_name(str(key))}"
        elif isinstance(value, Mapping) and before.count(".") < 2:
            yield from _names(value, f"{before}{key}.")
            if not before:
                yield from (plain_name(str(name)) for name in value)


def _optimizer_keys(optimizer: object) -> frozenset[str] | None:
    if not isinstance(optimizer, Mapping):
        return None
    groups = optimizer.get("param_groups")
    if not isinstance(groups, list) or not groups or not isinstance(groups[0], Mapping):
        return None
    return frozenset(str(key) for key in groups[0])


def _fitted(path: Path, architecture: Architecture, networks: State) -> State:
    """The tensors in the precision that the networks have, each of the right shape."""
    fitted: State = {}
    for network, build in NETWORKS.items():
        if network not in networks:
            continue
        found = networks[network]
        with torch.device("meta"):
            expected = build(architecture).state_dict()
        missing = [name for name in expected if name not in found]
        unexpected = [name for name in found if name not in expected]
        for kind, names in (("misses", missing), ("has the unexpected", unexpected)):
            if names:
                more = f" and {len(names) - 1} more" if len(names) > 1 else ""
                raise WeightsError(
                    f"checkpoint '{path}' {kind} tensor '{network}.{names[0]}'{more}: it is of another architecture "
                    f"than {_describe(architecture)}"
                )
        for name, tensor in expected.items():
            if found[name].shape != tensor.shape:
                raise WeightsError(
                    f"checkpoint '{path}': tensor '{network}.{name}' has shape {_shape(found[name])} where "
                    f"{_describe(architecture)} has {_shape(tensor)}"
                )
            if tensor.is_floating_point() and not found[name].is_floating_point():
                raise WeightsError(
                    f"checkpoint '{path}': tensor '{network}.{name}' is of {_word(found[name])} where numbers with a "
                    "fraction are needed: give the checkpoint before it was quantised"
                )
        fitted[network] = {name: found[name].to(tensor.dtype) for name, tensor in expected.items()}
    return fitted


def _describe(architecture: Architecture) -> str:
    return f"the {architecture.decoder} face-vid2vid with {architecture.keypoints} keypoints"


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "()"


def _word(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _article(value: object) -> str:
    return f"an object of {value}" if isinstance(value, Call) else f"a {type(value).__name__}"
