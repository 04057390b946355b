"""Reading and writing face-vid2vid checkpoints: tensors only, nothing that a file carries is executed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from bench.errors import WeightsError
from bench.files.atomic_write import write_atomically
from bench.weights.state_dicts import unpickled
from model.facevid2vid.architecture import Architecture
from model.facevid2vid.networks import INFERENCE, NETWORKS
from model.facevid2vid.variant import Evidence, Variant, architecture_of, choose_variant

log = logging.getLogger(__name__)

State = dict[str, dict[str, Tensor]]


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
    """Read `.pth.tar` (or any file of `torch.save`) or `.safetensors`.

    `module.` prefixes are stripped. The architecture is read off the tensors; what they cannot tell is decided by
    `model.facevid2vid.variant.choose_variant`, and logged.

    Raises:
        WeightsError: no such file, not a checkpoint, holds more than tensors and plain values, or its tensors are not
            those of a face-vid2vid network (the first that is missing, unexpected or of the wrong shape is named).
    """
    if not path.is_file():
        raise WeightsError(f"checkpoint '{path}' does not exist: give the path of a face-vid2vid checkpoint")
    networks, evidence, epoch = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path)
    missing = [name for name in INFERENCE if name not in networks]
    if missing:
        found = ", ".join(sorted(networks)) or "none that is known"
        raise WeightsError(
            f"checkpoint '{path}' has no network '{missing[0]}' (found: {found}): a face-vid2vid checkpoint is needed"
        )
    architecture = architecture_of(path, networks)
    architecture, chosen, reason = choose_variant(path, architecture, evidence, variant)
    _check_shapes(path, architecture, networks)
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


def _read_safetensors(path: Path) -> tuple[State, Evidence, int | None]:
    networks: State = {}
    try:
        with safe_open(path, framework="pt") as file:
            metadata: Mapping[str, str] = file.metadata() or {}
            for key in file.keys():  # noqa: SIM118 - not a mapping
                network, _, name = key.partition(".")
                if network in NETWORKS:
                    networks.setdefault(network, {})[name] = file.get_tensor(key)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"'{path}' is not a whole safetensors file ({error}): fetch it again") from error
    epoch = metadata.get("epoch", "")
    evidence = Evidence(recorded=metadata.get("variant"), optimizer_keys=None)
    return _stripped(networks), evidence, int(epoch) if epoch.isdigit() else None


def _read_pickle(path: Path) -> tuple[State, Evidence, int | None]:
    try:
        content = unpickled(path)
    except WeightsError as error:
        raise WeightsError(f"checkpoint '{path}' {error}") from None
    if not isinstance(content, Mapping):
        raise WeightsError(
            f"checkpoint '{path}' holds {_article(content)}, not networks by name: a face-vid2vid checkpoint is needed"
        )
    networks: State = {}
    for network in NETWORKS:
        state = content.get(network)
        if state is None:
            continue
        if not isinstance(state, Mapping):
            raise WeightsError(f"checkpoint '{path}': '{network}' is {_article(state)}, not tensors by name")
        for name, tensor in state.items():
            if not isinstance(tensor, Tensor):
                raise WeightsError(f"checkpoint '{path}': '{network}.{name}' is {_article(tensor)}, not a tensor")
        networks[network] = dict(state)
    epoch, recorded = content.get("epoch"), content.get("variant")
    evidence = Evidence(
        recorded=recorded if isinstance(recorded, str) else None,
        optimizer_keys=_optimizer_keys(content.get("optimizer_generator")),
    )
    return _stripped(networks), evidence, epoch if isinstance(epoch, int) else None


def _stripped(networks: State) -> State:
    return {
        network: {name.removeprefix("module."): tensor for name, tensor in state.items()}
        for network, state in networks.items()
    }


def _optimizer_keys(optimizer: object) -> frozenset[str] | None:
    if not isinstance(optimizer, Mapping):
        return None
    groups = optimizer.get("param_groups")
    if not isinstance(groups, list) or not groups or not isinstance(groups[0], Mapping):
        return None
    return frozenset(str(key) for key in groups[0])


def _check_shapes(path: Path, architecture: Architecture, networks: State) -> None:
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


def _describe(architecture: Architecture) -> str:
    return f"the {architecture.decoder} face-vid2vid with {architecture.keypoints} keypoints"


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "()"


def _article(value: object) -> str:
    return f"a {type(value).__name__}"
