"""Weights: what there is, where it lies, that it is the right file, and its tensors. Imports no torch."""

from bench.weights.load import fill, fit, identity, resolve
from bench.weights.mirrors import fetch
from bench.weights.registry import REGISTRY, WeightsFile, get
from bench.weights.store import check, folders, locate

__all__ = [
    "REGISTRY",
    "WeightsFile",
    "check",
    "fetch",
    "fill",
    "fit",
    "folders",
    "get",
    "identity",
    "locate",
    "resolve",
]
