"""Head pose in the convention of `Setting`, and the camera that turns model points into pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


def rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """R = Rx(pitch) · Ry(yaw) · Rz(roll), (3, 3), from degrees; right-handed matrices on column vectors.

    Axes are the camera's: x right and y down in the image, z away from the viewer, so a frontal nose points to -z.
    Positive yaw then moves the nose to the left of the image, positive pitch moves it down, and positive roll turns the
    face clockwise as seen.
    """
    y, p, r = np.deg2rad([yaw, pitch, roll])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(about_x @ about_y @ about_z, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera at the origin that looks along +z; one model unit is 100 mm.

    `size` is the frame's side in pixels, `focal` the focal length in sides, `distance` where the head's pivot stands
    when its translation is zero. Pixel coordinates have their origin at the top left corner of the frame, so the
    centre of the first pixel is (0.5, 0.5).
    """

    size: int = 256
    focal: float = 3.0
    distance: float = 9.4

    def project(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """(..., 3) points in camera axes, relative to the pivot's rest → (..., 2) pixels."""
        points = np.asarray(points, dtype=np.float64)
        depth = points[..., 2] + self.distance
        scale = self.focal * self.size / depth
        return np.asarray(points[..., :2] * scale[..., None] + self.size / 2, dtype=np.float64)
