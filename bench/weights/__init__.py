"""Weights: what there is, where it lies, that it is the right file, its tensors. Imports neither torch nor requests."""

from bench.weights.files import folders, locate, verified
from bench.weights.registry import REGISTRY, WeightsFile, get
from bench.weights.state_dicts import fill, fit, resolve, weights_digest

__all__ = [
    "REGISTRY",
    "WeightsFile",
    "fill",
    "fit",
    "folders",
    "get",
    "locate",
    "resolve",
    "verified",
    "weights_digest",
]
