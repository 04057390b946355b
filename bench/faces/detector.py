"""The face detectors that there are."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import cast

from bench.errors import BenchError
from bench.faces.detection import FaceDetector
from bench.near_names import hint
from bench.weights.resources import Resources

# name → "module:function(resources) that makes it".
TABLE: dict[str, str] = {
    "yunet": "bench.faces.yunet:load",
    "s3fd": "bench.faces.s3fd:load",
}
DEFAULT = "yunet"
"""YuNet needs no download: its 53 thousand weights are part of this package."""


def load(name: str, resources: Resources) -> FaceDetector:
    """The detector called `name`, loaded once per `resources`.

    Raises:
        BenchError: there is none of that name.
        Skip: its weights are missing.
        WeightsError: its weights are damaged, or another network's.
    """
    if name not in TABLE:
        meant = hint(name, TABLE, most=1, cutoff=0.3)
        raise BenchError(f"there is no face detector '{name}': {meant}the detectors are {', '.join(TABLE)}")
    key = f"faces/{name}"
    if key not in resources.networks:
        module, attribute = TABLE[name].split(":")
        make = cast(Callable[[Resources], FaceDetector], getattr(importlib.import_module(module), attribute))
        resources.networks[key] = make(resources)
    return cast(FaceDetector, resources.networks[key])
