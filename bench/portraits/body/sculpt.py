"""The bare head as a blend of ellipsoids, sampled along rays from its middle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.portraits.body.identity import Identity
from bench.portraits.drawing.compiled import compiled

MIDDLE = np.array([0.0, 0.2, 0.0])
"""Where the rays start: model axes as the camera's, one unit 100 mm, origin between the pupils at the ears' depth."""

EYE = np.array([0.315, 0.0, -0.755])
EYE_RADIUS = 0.125


def eye_centre(identity: Identity, side: int) -> NDArray[np.float64]:
    """The eyeball's centre; `side` is -1 for the eye on the left of the image, 1 for the other."""
    return np.asarray(EYE * [side * identity.face_width * identity.eye_distance, 1.0, 1.0], dtype=np.float64)


def ellipsoids(identity: Identity) -> NDArray[np.float64]:
    """(P, 8): centre x, y, z; radii x, y, z; width of the blend with what came before; 1 adds, -1 carves."""
    w, jaw, nose, long = identity.face_width, identity.jaw_width, identity.nose_width, identity.face_length
    eye = eye_centre(identity, 1)
    rows: list[tuple[float, ...]] = []

    def add(x: float, y: float, z: float, rx: float, ry: float, rz: float, k: float, sign: int = 1) -> None:
        y = y * long if y > 0 else y
        rows.append((x, y, z, rx, ry, rz, k, sign))
        if x:
            rows.append((-x, y, z, rx, ry, rz, k, sign))

    add(0, -0.38, 0.08, 0.74 * (0.5 + 0.5 * w), 0.77, 0.92, 0.01)
    add(0, -0.36, -0.36, 0.60 * w, 0.54, 0.60, 0.20)
    add(0, 0.36, -0.36, 0.53 * w, 0.66, 0.55, 0.20)
    add(0, 0.78, -0.44, 0.40 * jaw, 0.40, 0.46, 0.18)
    add(0.32 * jaw, 0.58, -0.16, 0.18, 0.30, 0.30, 0.25)
    add(0.20 * jaw, 0.86, -0.56, 0.19, 0.22, 0.26, 0.22)
    add(0, 1.03, -0.80, 0.19 * identity.chin_width, 0.15, 0.15 + 0.02 * identity.chin, 0.18)
    add(0.42 * w, 0.36, -0.36, 0.17, 0.38, 0.30, 0.25)
    add(0.48 * w, -0.12, -0.42, 0.19, 0.30, 0.30, 0.22)
    add(0.42 * w, 0.20, -0.55, 0.20, 0.16, 0.25, 0.22)
    add(0.29 * w, 0.46, -0.64, 0.22 * identity.cheek, 0.30, 0.23, 0.20)
    add(0.24 * w, -0.215, -0.78, 0.26, 0.095, 0.12 + 0.03 * identity.brow_ridge, 0.18)
    add(0, -0.19, -0.83, 0.12, 0.14, 0.10 + 0.02 * identity.brow_ridge, 0.14)
    add(eye[0], 0.01, -1.05, 0.20, 0.125, 0.185, 0.12, -1)
    add(0.14, 0.03, -1.08, 0.05, 0.07, 0.12, 0.12, -1)
    add(eye[0], 0.0, eye[2], EYE_RADIUS + 0.010, EYE_RADIUS + 0.010, EYE_RADIUS + 0.010, 0.07)
    add(0, 0.68, -0.74, 0.29, 0.27, 0.225, 0.16)
    add(0.075 * nose, 0.24, -0.92, 0.055, 0.26, 0.10, 0.12)
    tip = -1.105 - 0.06 * (identity.nose_length - 1)
    for step in (0.0, 0.25, 0.5, 0.75):
        y = -0.06 + step * 0.46
        add(0, y, -0.89 + step * (tip + 0.89) - 0.010 * np.sin(step * 3.1), 0.052 * nose + 0.026 * step, 0.12,
            0.070 + 0.025 * identity.nose_bridge * (1 - step), 0.11)  # fmt: skip
    add(0, 0.402, tip, 0.080 * (0.5 + 0.5 * nose), 0.078, 0.095, 0.12)
    add(0.118 * nose, 0.438, -0.985, 0.052 * nose, 0.058, 0.085, 0.10)
    add(0, 0.47, -1.05, 0.035, 0.05, 0.09, 0.05)
    return np.array(rows, dtype=np.float64)


@compiled
def _distance(x: float, y: float, z: float, parts: NDArray[np.float64]) -> float:
    total = 1e9
    for p in range(parts.shape[0]):
        dx, dy, dz = x - parts[p, 0], y - parts[p, 1], z - parts[p, 2]
        rx, ry, rz = parts[p, 3], parts[p, 4], parts[p, 5]
        near = np.sqrt((dx / rx) ** 2 + (dy / ry) ** 2 + (dz / rz) ** 2)
        slope = np.sqrt((dx / rx**2) ** 2 + (dy / ry**2) ** 2 + (dz / rz**2) ** 2) + 1e-9
        own = near * (near - 1.0) / slope
        width = parts[p, 6]
        if parts[p, 7] > 0:
            h = max(width - abs(total - own), 0.0) / width
            total = min(total, own) - h * h * width * 0.25
        else:
            h = max(width - abs(total + own), 0.0) / width
            total = max(total, -own) + h * h * width * 0.25
    return total


@compiled
def trace(
    origin: NDArray[np.float64], directions: NDArray[np.float64], parts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distance along each of `directions` (N, 3) from `origin` to the outermost surface, (N,)."""
    reached = np.empty(directions.shape[0])
    for n in range(directions.shape[0]):
        t = 1.9
        for _ in range(80):
            step = _distance(
                origin[0] + t * directions[n, 0],
                origin[1] + t * directions[n, 1],
                origin[2] + t * directions[n, 2],
                parts,
            )
            t -= 0.6 * step
            if abs(step) < 2e-4 or t < 0.2:
                break
        reached[n] = t
    return reached


@compiled
def openness(
    points: NDArray[np.float64], normals: NDArray[np.float64], parts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How much of the sky each surface point sees, (N,) in [0, 1]: the distance field sampled along the normal."""
    result = np.empty(points.shape[0])
    for n in range(points.shape[0]):
        hidden = 0.0
        for s in range(1, 6):
            far = 0.045 * s * s**0.5
            d = _distance(
                points[n, 0] + far * normals[n, 0],
                points[n, 1] + far * normals[n, 1],
                points[n, 2] + far * normals[n, 2],
                parts,
            )
            hidden += max(0.0, far - d) / far * 0.62**s
        result[n] = max(0.0, 1.0 - 1.35 * hidden)
    return result
