"""Weights: what there is, where it lies, that it is the right file, its tensors. Imports neither torch nor requests."""

from bench.weights.files import locate
from bench.weights.registry import WeightsFile, get
from bench.weights.state_dicts import fill, fit, pin, resolve, weights_digest

__all__ = ["WeightsFile", "fill", "fit", "get", "locate", "pin", "resolve", "weights_digest"]
