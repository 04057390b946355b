"""Weights: what there is, where it lies, that it is the right file, its tensors. Imports neither torch nor requests."""

from bench.weights.load import fill, fit, identity, resolve
from bench.weights.registry import REGISTRY, WeightsFile, get
from bench.weights.store import check, folders, locate

__all__ = [
    "REGISTRY",
    "WeightsFile",
    "check",
    "fill",
    "fit",
    "folders",
    "get",
    "identity",
    "locate",
    "resolve",
]
