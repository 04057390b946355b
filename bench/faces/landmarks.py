"""Landmarks of the face in each frame: YuNet finds it, the face mesh measures it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.faces import detector, face_mesh
from bench.faces.detection import FaceDetector
from bench.faces.squares import Squares
from bench.weights.resources import Resources

Floats = NDArray[np.float64]

NAME: Final = "MediaPipe face mesh (468 points) of the largest face by yunet, mean of four looks after a first"
MARGIN: Final = 1.5
"""Side of the square that the network sees, in longer sides of the face's box: what it was trained for."""
LOOKS: Final = ((-0.12, -0.12), (0.12, -0.12), (-0.12, 0.12), (0.12, 0.12))
"""Shifts of the square in its sides. The network's points depend on where the face lies in it; the mean hardly does."""
PRESENCE: Final = 0.5
BLOCK: Final = 8
_EYES: Final = (33, 263)
"""Outer corners, the one at the left of the picture first."""

_JAW = (162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389)
_BROWS = (71, 63, 105, 66, 107, 336, 296, 334, 293, 301)
_NOSE = (168, 197, 5, 4, 75, 97, 2, 326, 305)
_LIDS = (33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380)
_LIPS = (61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87)
SIXTY_EIGHT: Final = (*_JAW, *_BROWS, *_NOSE, *_LIDS, *_LIPS)
"""The mesh's points nearest to the 68 landmarks of iBUG, in their order."""


@dataclass(frozen=True, slots=True)
class FaceLandmarks:
    """Measures the largest face of each frame, without memory of earlier frames."""

    finder: FaceDetector
    network: face_mesh.FaceMesh

    def __call__(self, pixels: Tensor) -> Tensor:
        """(T, 3, H, W) uint8 → (T, 468, 3) float32, NaN for a frame without a face.

        x to the right and y down in pixels of the frame, (0.5, 0.5) being the centre of its first pixel; z away from
        the camera on the same scale, from an origin of the face's own.
        """
        points = np.full((len(pixels), face_mesh.POINTS, 3), np.nan)
        found, squares = self._detect(pixels)
        if len(found):
            frames = pixels[torch.from_numpy(found).to(pixels.device)]
            # The first look finds the place, so that the detector's own jitter is forgotten.
            place = around(self._measure(frames, squares)[0])
            looks, presence = zip(*(self._measure(frames, place.shifted(*shift)) for shift in LOOKS), strict=True)
            seen = np.mean(presence, axis=0) >= PRESENCE
            points[found[seen]] = np.mean(looks, axis=0)[seen]
        return torch.from_numpy(points).float()

    def _detect(self, pixels: Tensor) -> tuple[NDArray[np.int64], Squares]:
        """Which frames have a face, and squares around the largest of each."""
        found, boxes, angles = [], [], []
        for index, faces in enumerate(self.finder.detect(pixels)):
            if len(faces):
                assert faces.landmarks is not None
                width, height = (faces.boxes[:, 2:] - faces.boxes[:, :2]).T
                largest = int(np.argmax(width * height))
                eyes = faces.landmarks[largest, :2]
                found.append(index)
                boxes.append(faces.boxes[largest])
                angles.append(np.arctan2(*(eyes[1] - eyes[0])[::-1]))
        corners = np.array(boxes).reshape(-1, 2, 2)
        side = MARGIN * (corners[:, 1] - corners[:, 0]).max(1)
        return np.array(found, np.int64), Squares(corners.mean(1), side, np.array(angles))

    @torch.inference_mode()
    def _measure(self, frames: Tensor, squares: Squares) -> tuple[Floats, Floats]:
        """Points (N, 468, 3) in pixels of the frame, and how certainly there is a face (N,)."""
        crops = squares.cut(frames, face_mesh.SIDE).div_(255.0)
        points, presence = [], []
        for block in crops.split(BLOCK):
            count = len(block)
            # Blocks of one size, whatever the caller's: convolutions of other shapes round differently.
            block = torch.cat([block, block[-1:].expand(BLOCK - count, -1, -1, -1)])
            here, certain = self.network(block.contiguous(memory_format=torch.channels_last))
            points.append(here[:count].cpu().double().numpy())
            presence.append(certain[:count].cpu().double().numpy())
        unit = np.concatenate(points) / face_mesh.SIDE
        flat = squares.to_frame(unit[..., :2])
        return np.concatenate([flat, unit[..., 2:] * squares.side[:, None, None]], 2), np.concatenate(presence)


def around(points: Floats) -> Squares:
    """Squares around meshes (N, 468, 3), upright by their eyes."""
    eyes = points[:, _EYES[1], :2] - points[:, _EYES[0], :2]
    angle = np.arctan2(eyes[:, 1], eyes[:, 0])
    upright = Squares(np.zeros((len(points), 2)), np.ones(len(points)), angle).axes()
    turned = points[:, :, :2] @ upright.transpose(0, 2, 1)
    low, high = turned.min(1), turned.max(1)
    centre = np.einsum("na,nax->nx", (low + high) / 2, upright)
    return Squares(centre, MARGIN * (high - low).max(1), angle)


def load(resources: Resources) -> FaceLandmarks:
    """The landmarker on the resources' device, loaded once per `resources`."""
    key = "faces/landmarks"
    if key not in resources.networks:
        finder = detector.load("yunet", resources)
        resources.networks[key] = FaceLandmarks(finder, face_mesh.load(resources))
    landmarks: FaceLandmarks = resources.networks[key]
    return landmarks
