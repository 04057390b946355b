"""The head behind a face mesh: its shape in axes of its own, and the pose that puts it into a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.faces import head_pose
from bench.settings import Setting

Floats = NDArray[np.float64]

PIVOT: Final = np.array([0.0, -0.06, 1.50])
"""Where a head turns, between its ears, in the axes of the canonical face; `benchmarks/head_pivot.py` finds
(-0.01, -0.10, 1.48) over rendered people."""
CAMERA: Final = 16.0
"""How far the camera is from the pivot, in canonical units: about 0.9 metres, at which most faces are filmed."""


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """`rotation` (3, 3); `scale` in pixels per unit of the canonical face; `pivot` (2,) x, y in pixels."""

    rotation: Floats
    scale: float
    pivot: Floats

    def place(self, shape: Floats) -> Floats:
        """(N, 3) points in the head's axes → (N, 3) pixels, the third being depth behind the pivot."""
        placed = self.scale * (shape @ self.rotation.T)
        placed[:, :2] = placed[:, :2] / self._distance(placed) + self.pivot
        return np.asarray(placed)

    def unplace(self, points: Floats) -> Floats:
        """The inverse of `place`."""
        moved = points.copy()
        moved[:, :2] = (points[:, :2] - self.pivot) * self._distance(points)
        return np.asarray(moved @ self.rotation) / self.scale

    def _distance(self, placed: Floats) -> Floats:
        """(N, 1): how far points are from the camera, the pivot being 1 away."""
        return np.asarray(1 + placed[:, 2:] / (self.scale * CAMERA))


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """`shape` (468, 3): the face mesh in the head's axes, whose origin is the pivot."""

    shape: Floats
    pose: Pose


def measure(points: Floats, face: Floats) -> Head:
    """The head of a face mesh (468, 3) in pixels, its pose being that of `bench.faces.head_pose`."""
    rotation = head_pose.rotations(points[None], face)[0]
    turned = face @ rotation.T
    centre = points.mean(0)
    flat = points[:, :2] - centre[:2]
    scale = float((turned[:, :2] * flat).sum() / (turned[:, :2] ** 2).sum())
    pivot = scale * (rotation @ PIVOT)
    pose = Pose(rotation, scale, centre[:2] + pivot[:2])
    # The pose comes from x and y, and the network's depth leans a little otherwise: its slope is replaced by
    # that of the turned canonical face.
    plane = np.concatenate([flat, np.ones((len(flat), 1))], 1)
    canonical = scale * turned[:, 2]
    behind = points[:, 2] - plane @ np.linalg.lstsq(plane, points[:, 2] - canonical, rcond=None)[0] - pivot[2]
    return Head(pose.unplace(np.concatenate([points[:, :2], behind[:, None]], 1)), pose)


def turned(setting: Setting, rotation: Floats) -> Floats:
    """The rotation (3, 3) that a setting makes of the driven one: given angles replace or are added to its angles."""
    angles = head_pose.angles(rotation[None])[0]
    for axis, angle in enumerate((setting.yaw, setting.pitch, setting.roll)):
        if angle is not None:
            angles[axis] = angles[axis] + angle if setting.mode == "relative" else angle
    return rotation if setting.is_original else matrix(*angles)


def matrix(yaw: float, pitch: float, roll: float) -> Floats:
    """Degrees → Rx(pitch) · Ry(yaw) · Rz(roll), (3, 3), as in `bench.settings.Setting`."""
    (cy, cp, cr), (sy, sp, sr) = (f(np.deg2rad([yaw, pitch, roll])) for f in (np.cos, np.sin))
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(about_x @ about_y @ about_z, np.float64)


def moved(source: Head, driving: Head, first: Head, setting: Setting) -> Head:
    """The source's head as a driving frame has it.

    Expression, translation and scale are the driving head's since its `first` frame; rotation is its own, as the
    setting changes it. Where the source is the first frame, that is the driving frame's mesh itself under `original`.
    """
    ratio = source.pose.scale / first.pose.scale
    pose = Pose(
        turned(setting, driving.pose.rotation),
        driving.pose.scale * ratio,
        source.pose.pivot + ratio * (driving.pose.pivot - first.pose.pivot),
    )
    return Head(source.shape + (driving.shape - first.shape), pose)
