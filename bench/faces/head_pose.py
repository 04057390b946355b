"""Head pose from landmarks: the turn of a canonical face that comes nearest to them, seen from afar."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench import weights
from bench.weights.loaded import shared
from bench.weights.resources import Resources

Floats = NDArray[np.float64]

NAME: Final = "least squares of a canonical face in scaled orthographic projection on the mesh's x and y"
ROUNDS: Final = 60


def canonical(resources: Resources | None = None) -> Floats:
    """(468, 3): the mesh of a face that looks straight into the camera; centred, of root mean square radius 1.

    Made by `benchmarks/canonical_face.py` from rendered heads whose pose is known, so that zero is zero there.
    """
    using = resources or Resources()
    return shared("faces/canonical", using, lambda: _canonical(using))


def _canonical(resources: Resources) -> Floats:
    return np.asarray(weights.resolve("canonical_face", resources)["points"], np.float64)


def rotations(points: Floats, face: Floats) -> Floats:
    """points (T, N, 2 or more) → (T, 3, 3): R of the least Σ |points - s R₂ face - t|² over R, s and t.

    `face` (N, 3) is centred. R₂ are R's first two rows; a third coordinate of `points` is not looked at. Round by round
    the depth that is missing is taken from the turned face, and the face is turned onto the points with depth (Kabsch
    1976): no round raises the sum. NaN for a frame with NaN.
    """
    found = np.full((len(points), 3, 3), np.nan)
    known = np.isfinite(points).all((1, 2))
    flat = points[known, :, :2] - points[known, :, :2].mean(1, keepdims=True)
    # Σ over points of landmark × canonical point; all that the sum depends on besides the face itself.
    moments = np.einsum("tni,nj->tij", flat, face)
    spread = face.T @ face
    turns = _nearest(np.concatenate([moments, np.zeros_like(moments[:, :1])], 1))
    for _ in range(ROUNDS):
        seen = turns[:, :2] @ spread
        scale = (turns[:, :2] * moments).sum((1, 2)) / (turns[:, :2] * seen).sum((1, 2))
        depth = scale[:, None] * (turns[:, 2] @ spread)
        turns = _nearest(np.concatenate([moments, depth[:, None]], 1))
    found[known] = turns
    return found


def angles(turns: Floats) -> Floats:
    """(T, 3, 3) rotations → (T, 3) yaw, pitch, roll in degrees, so that R = Rx(pitch) · Ry(yaw) · Rz(roll).

    The convention of `bench.settings.Setting`; yaw lies within ±90.
    """
    yaw = np.arcsin(np.clip(turns[:, 0, 2], -1.0, 1.0))
    pitch = np.arctan2(-turns[:, 1, 2], turns[:, 2, 2])
    roll = np.arctan2(-turns[:, 0, 1], turns[:, 0, 0])
    return np.asarray(np.rad2deg(np.stack([yaw, pitch, roll], 1)))


def _nearest(matrices: Floats) -> Floats:
    """(T, 3, 3) → the rotations R of the largest trace of Rᵀ · matrix."""
    u, _, vt = np.linalg.svd(matrices)
    u[:, :, 2] *= np.linalg.det(u @ vt)[:, None]
    return np.asarray(u @ vt)
