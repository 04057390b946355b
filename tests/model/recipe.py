"""Deterministic weights by the golden recipe: every tensor drawn from a seed made of its name."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from model.facevid2vid.architecture import Architecture
from model.facevid2vid.blocks import gaussian_kernel
from model.facevid2vid.networks import NETWORKS

_GAINS = {
    "kp_detector": [("kp.weight", 2.8), ("jacobian.weight", 0.3)],
    "generator": [
        ("dense_motion_network.mask.weight", 6.0),
        ("dense_motion_network.occlusion.weight", 5.0),
        ("final.weight", 2.0),
    ],
}


def recipe_state(network: str, shapes: Mapping[str, torch.Size]) -> OrderedDict[str, Tensor]:
    """The recipe's tensors for a network of the checkpoint, given the names and shapes of its state dict."""
    state: OrderedDict[str, Tensor] = OrderedDict()
    for name, shape in shapes.items():
        if name.endswith(("weight_u", "weight_v")):
            continue
        state[name] = _tensor(network, name, tuple(shape), shapes)
    for name in shapes:
        if name.endswith("weight_u"):
            stem = name.removesuffix("_u")
            state[name], state[f"{stem}_v"] = _spectral_vectors(network, stem, state[f"{stem}_orig"].numpy())
    return OrderedDict((name, state[name]) for name in shapes)


def fill(network: str, module: nn.Module) -> nn.Module:
    """Load the recipe's weights into a module and put it in evaluation mode."""
    shapes = {name: tensor.shape for name, tensor in module.state_dict().items()}
    module.load_state_dict(recipe_state(network, shapes))
    return module.eval()


def _draw(network: str, name: str, shape: tuple[int, ...]) -> np.ndarray:
    seed = zlib.crc32(f"{network}.{name}".encode())
    return np.random.Generator(np.random.PCG64(seed)).standard_normal(shape)


def _tensor(network: str, name: str, shape: tuple[int, ...], shapes: Mapping[str, torch.Size]) -> Tensor:
    leaf = name.rpartition(".")[2]
    if leaf == "num_batches_tracked":
        return torch.zeros((), dtype=torch.int64)
    if network == "kp_detector" and name == "down.weight":
        return gaussian_kernel({5: 2, 13: 4, 29: 8}[shape[-1]]).expand(shape).clone()
    noise = _draw(network, name, shape)
    if leaf.startswith("weight") and len(shape) > 1:
        if _centred(network, name):
            noise = noise - noise.mean(tuple(range(1, noise.ndim)), keepdims=True)
        values = noise * (_gain(network, name) / np.sqrt(np.prod(shape[1:])))
    elif leaf == "weight":
        values = 1 + 0.1 * noise
    elif leaf == "bias":
        sibling = shapes.get(name.removesuffix("bias") + "weight", torch.Size((0, 0)))
        values = (0.1 if len(sibling) == 1 else 0.05) * noise
        if network == "kp_detector" and name == "jacobian.bias":
            values = values + np.tile(np.eye(3).ravel(), shape[0] // 9)
    elif leaf == "running_mean":
        values = 0.1 * noise
    elif leaf == "running_var":
        values = 1 + 0.2 * np.abs(noise)
    else:
        raise AssertionError(name)
    return torch.from_numpy(np.asarray(values, np.float32))


def _centred(network: str, name: str) -> bool:
    if network in ("he_estimator", "hopenet"):
        return True
    return name in ("dense_motion_network.mask.weight", "dense_motion_network.occlusion.weight")


def _gain(network: str, name: str) -> float:
    for prefix, gain in _GAINS.get(network, []):
        if name == prefix:
            return gain
    if network == "generator":
        if name.startswith(("resblocks_2d.", "resblocks_3d.")) and name.endswith("conv2.weight"):
            return 0.7
        if name.endswith("mlp_gamma.weight"):
            return 0.5
        if name.endswith("mlp_beta.weight"):
            return 1.0
    if network in ("he_estimator", "hopenet"):
        if name.endswith("conv3.weight") and name != "conv3.weight":
            return 0.8
        if name in ("fc_yaw.weight", "fc_pitch.weight", "fc_roll.weight"):
            return 6.0
        if name in ("fc_t.weight", "fc_exp.weight"):
            return 0.5
        return 1.6
    return 1.4


def _spectral_vectors(network: str, stem: str, weight: np.ndarray) -> tuple[Tensor, Tensor]:
    matrix = weight.astype(np.float64).reshape(weight.shape[0], -1)
    u = _draw(network, f"{stem}_u", (matrix.shape[0],))
    u /= np.linalg.norm(u)
    for _ in range(5):
        v = matrix.T @ u
        v /= np.linalg.norm(v)
        u = matrix @ v
        u /= np.linalg.norm(u)
    return torch.from_numpy(u.astype(np.float32)), torch.from_numpy(v.astype(np.float32))


def recipe_networks(architecture: Architecture, *, discriminator: bool = False) -> dict[str, OrderedDict[str, Tensor]]:
    """State dicts of a whole checkpoint."""
    states = {}
    for network, build in NETWORKS.items():
        if network != "discriminator" or discriminator:
            with torch.device("meta"):
                module = build(architecture)
            states[network] = recipe_state(network, {name: t.shape for name, t in module.state_dict().items()})
    return states


def write_checkpoint(path: Path, architecture: Architecture, **entries: object) -> Path:
    """A checkpoint of recipe weights as the public code writes it, with further entries."""
    torch.save({**recipe_networks(architecture, discriminator=True), "epoch": 9, **entries}, path)
    return path
