"""Keypoint motion: how the driver's keypoints become the animated face's, and what pose they show."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError
from torch import Tensor

from bench.errors import BenchError
from model.facevid2vid.geometry import DEGREE, Keypoints

KeypointMotion = Literal["absolute", "relative"]


def hull_volume(keypoints: Tensor) -> float:
    """Volume of the 3-D convex hull of (K, 3) keypoints.

    Raises:
        BenchError: the keypoints lie in one plane.
    """
    try:
        return float(ConvexHull(keypoints.detach().double().cpu().numpy()).volume)
    except QhullError as error:
        raise BenchError(
            "the keypoints lie in one plane, so that their scale cannot be adapted: leave --adapt-scale out"
        ) from error


def adapted_scale(source: Tensor, initial: Tensor) -> float:
    """By how much larger the source face moves than the driver's: `√V(source) / √V(initial)` for (K, 3) keypoints.

    A square root of a volume where a cube root would be a length; the public code has it so.
    """
    return math.sqrt(hull_volume(source)) / math.sqrt(hull_volume(initial))


def relative_keypoints(driving: Keypoints, initial: Keypoints, source: Keypoints, scale: float) -> Keypoints:
    """The driver's motion since its initial frame, times `scale`, applied to the source's keypoints.

    Jacobians likewise: `J_driving J_initial⁻¹ J_source`. `initial` and `source` are batches of one.
    """
    value = (driving.value - initial.value) * scale + source.value
    if driving.jacobian is None or initial.jacobian is None or source.jacobian is None:
        return Keypoints(value)
    return Keypoints(value, driving.jacobian @ torch.linalg.inv(initial.jacobian) @ source.jacobian)


def measured_rotation(posed: Tensor, canonical: Tensor) -> NDArray[np.float64]:
    """The rotations that take canonical keypoints (K, 3) closest to posed ones (B, K, 3), as (B, 3, 3).

    Translation and scale do not matter. (Kabsch 1976; least squares by singular value decomposition, in float64.)
    """
    target = posed.detach().double().cpu().numpy()
    origin = canonical.detach().double().cpu().numpy()
    target = target - target.mean(1, keepdims=True)
    origin = origin - origin.mean(0)
    left, _, right = np.linalg.svd(np.swapaxes(target, 1, 2) @ origin)
    handedness = np.ones((len(target), 1, 3))
    handedness[:, 0, 2] = np.linalg.det(left @ right)
    rotation: NDArray[np.float64] = (left * handedness) @ right
    return rotation


def euler_degrees(rotation: NDArray[np.float64], *, legacy: bool = False) -> NDArray[np.float64]:
    """(B, 3, 3) rotations → (B, 3) yaw, pitch, roll: the inverse of `geometry.rotation_matrix`.

    The angle about the y axis is taken within ±90.
    """
    middle = np.arcsin(np.clip(rotation[:, 0, 2], -1, 1))
    first = np.arctan2(-rotation[:, 1, 2], rotation[:, 2, 2])
    last = np.arctan2(-rotation[:, 0, 1], rotation[:, 0, 0])
    yaw, pitch, roll = (last, middle, first) if legacy else (middle, first, last)
    return np.stack([yaw, pitch, roll], 1) / DEGREE


def angle_between(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angle of the rotation between two (B, 3, 3), in degrees, exact for small angles."""
    chord = np.linalg.norm(one - other, axis=(1, 2)) / math.sqrt(8)
    angle: NDArray[np.float64] = np.degrees(2 * np.arcsin(np.clip(chord, 0, 1)))
    return angle
