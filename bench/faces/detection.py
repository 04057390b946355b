"""What a face detector is, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


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
