"""Triangle meshes over rectangular grids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
Triangles = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """`points` (N, 3), `triangles` (M, 3) turned as `grid` does, `values` (N, 3): u, v, one more."""

    points: Points
    triangles: Triangles
    values: Points


def grid(rows: int, columns: int) -> Triangles:
    """Two triangles a cell over vertices `row * columns + column`.

    Where columns run to the right of the image and rows down, u × v of a triangle's edges points to the viewer.
    """
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
    corner = (i * columns + j).reshape(-1)
    right, below = corner + 1, corner + columns
    return np.concatenate([np.stack([corner, below, right], 1), np.stack([right, below, below + 1], 1)]).astype(
        np.int32
    )


def sheet(points: NDArray[np.floating], third: NDArray[np.floating] | float = 1.0) -> Mesh:
    """A mesh over a grid of `points` (rows, columns, 3); u runs over columns and v over rows, both in [0, 1]."""
    rows, columns = points.shape[:2]
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    values = np.stack([u, v, np.broadcast_to(third, u.shape)], -1)
    return Mesh(
        np.ascontiguousarray(points.reshape(-1, 3), dtype=np.float32),
        grid(rows, columns),
        np.ascontiguousarray(values.reshape(-1, 3), dtype=np.float32),
    )


def tube(path: NDArray[np.floating], radius: float, sides: int = 8, *, closed: bool = False) -> Mesh:
    """A round tube along `path` (N, 3); `closed` joins its ends."""
    ring = np.concatenate([path, path[:1]]) if closed else path
    along = np.gradient(ring, axis=0)
    if closed:
        along[0] = along[-1] = ring[1] - ring[-2]
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-12
    first = np.cross(along, [0.0, 0.0, 1.0])
    weak = np.linalg.norm(first, axis=1) < 0.2
    first[weak] = np.cross(along[weak], [0.0, 1.0, 0.0])
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(along, first)
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    around = first[:, None] * np.cos(angle)[None, :, None] + second[:, None] * np.sin(angle)[None, :, None]
    return sheet(ring[:, None] + radius * around)
