"""Best-frame search: the driving frame whose face looks most like the source's, as the start of relative motion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError
from torch import Tensor

from bench.errors import BenchError
from bench.faces.landmarks import SIXTY_EIGHT, FaceLandmarks, load
from bench.weights.resources import Resources

Landmarks = Callable[[Tensor], NDArray[np.float64]]
"""(T, 3, H, W) uint8 frames → (T, N, 2) or (T, N, 3) landmarks in pixels; NaN for a frame without a face."""


@dataclass(frozen=True, slots=True)
class FaceMeshLandmarks:
    """The default detector: the 68 points of the face mesh, of weights that come with this package.

    The public script uses the 68 points of `face-alignment`; near-equal frames may come out in another order.
    """

    measure: FaceLandmarks

    def __call__(self, frames: Tensor) -> NDArray[np.float64]:
        """(T, 3, H, W) uint8 → (T, 68, 2) pixels, NaN for a frame without a face."""
        return self.measure(frames).double().numpy()[:, list(SIXTY_EIGHT), :2]


def face_mesh_landmarks(device: torch.device) -> FaceMeshLandmarks:
    """The default detector on a device."""
    return FaceMeshLandmarks(load(Resources(device=device)))


def normalised_landmarks(landmarks: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """(N, 2 or 3) → centred x and y divided by the root of their convex hull's area; None without a face.

    A third coordinate is centred but not scaled, as the public code leaves it.
    """
    if not np.isfinite(landmarks).all():
        return None
    centred: NDArray[np.float64] = landmarks - landmarks.mean(0, keepdims=True)
    try:
        area = ConvexHull(centred[:, :2]).volume
    except QhullError:
        return None
    centred[:, :2] /= np.sqrt(area)
    return centred


def find_best_frame(clip: str, source: Tensor, driving: Iterable[Tensor], landmarks: Landmarks) -> tuple[int, Tensor]:
    """Index and (3, H, W) frame of the first driving frame whose normalised landmarks are nearest to the source's.

    `driving` yields (T, 3, H, W) batches; frames without a face are passed over.

    Raises:
        BenchError: no face in the source, or in no driving frame.
    """
    target = normalised_landmarks(landmarks(source[None])[0])
    if target is None:
        raise BenchError(f"clip {clip}: no face was found in the source frame, so that no best frame can be searched")
    best: tuple[float, int, Tensor] | None = None
    index = 0
    for batch in driving:
        for frame, points in zip(batch, landmarks(batch), strict=True):
            normalised = normalised_landmarks(points)
            if normalised is not None:
                distance = float(((normalised - target) ** 2).sum())
                if best is None or distance < best[0]:
                    best = distance, index, frame
            index += 1
    if best is None:
        raise BenchError(
            f"clip {clip}: no face was found in {index} driving frames, so that no best frame can be searched"
        )
    return best[1], best[2]


def frame_at(clip: str, driving: Iterable[Tensor], index: int) -> Tensor:
    """The (3, H, W) driving frame number `index`.

    Raises:
        BenchError: the clip is shorter.
    """
    passed = 0
    for batch in driving:
        if index < passed + len(batch):
            frame: Tensor = batch[index - passed]
            return frame
        passed += len(batch)
    raise BenchError(f"clip {clip} has {passed} frames, so that best frame {index} does not exist: count from 0")
