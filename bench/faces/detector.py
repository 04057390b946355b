"""What a face detector is, and the two that there are."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from bench.errors import BenchError
from bench.weights.resources import Resources


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Faces of one frame, best score first.

    `boxes` (N, 4) left, top, right, bottom in pixels, may reach outside the frame; `scores` (N,) in 0–1; `landmarks`
    (N, 5, 2) x, y of the eye at the left of the picture, the other eye, nose, mouth corner at the left, the other one;
    None from a detector that has none.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    landmarks: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return int(self.boxes.shape[0])


class FaceDetector(Protocol):
    """Finds faces, frame by frame, without memory of earlier frames.

    `name` tells its boxes from those of others where they are kept: version, weights, device.
    """

    name: str

    def detect(self, pixels: Tensor) -> list[Faces]:
        """(T, 3, H, W) uint8 RGB → the faces of every frame."""


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
        WeightsError: its weights are missing or damaged.
    """
    if name not in TABLE:
        near = difflib.get_close_matches(name, TABLE, n=1, cutoff=0.3)
        hint = f"did you mean {near[0]}? " if near else ""
        raise BenchError(f"there is no face detector '{name}': {hint}the detectors are {', '.join(TABLE)}")
    key = f"faces/{name}"
    if key not in resources.networks:
        module, attribute = TABLE[name].split(":")
        make = cast(Callable[[Resources], FaceDetector], getattr(importlib.import_module(module), attribute))
        resources.networks[key] = make(resources)
    return cast(FaceDetector, resources.networks[key])
