"""The head's skin as a mesh over azimuth and elevation, slit open at the mouth and between the eyelids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.portraits.body import sculpt
from bench.portraits.body.identity import Identity
from bench.portraits.drawing.mesh import Points, Triangles, grid

Array = NDArray[np.float64]

STEP = 0.6975 / 50
"""Angle between neighbouring rows and columns of the face, radians."""
EYE_ROW = -0.2135
"""Elevation of the line on which the eyelids meet."""
LIP_ROW = EYE_ROW + 50 * STEP
"""Elevation of the line on which the lips meet."""
MOUTH_CORNER = 20 * STEP
"""Azimuth of the corners of the mouth."""
EYE_CORNERS = (13 * STEP, 39 * STEP)
"""Azimuth of the inner and outer corner of an eye."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The resting head: eyes open, mouth closed.

    `points` (N, 3); `triangles`; `values` (N, 3): u, v, openness to the sky; `angles` (N, 2): azimuth and elevation;
    `side` (N,): -1 above the line of the lips, 1 below it; `parent` (N,): the vertex that a lining follows, else
    itself. `lips` and `lids` hold, per column of a slit, its (upper, lower) vertex: `lips` (C, 2), `lids` two (C, 2)
    arrays, image left first. `rows` and `columns` are the grid's angles; `surface` (rows, columns, 3) its rest points,
    which textures are painted over.
    """

    points: Array
    triangles: Triangles
    values: Points
    angles: Array
    side: Array
    parent: NDArray[np.int64]
    lips: NDArray[np.int64]
    lids: tuple[NDArray[np.int64], NDArray[np.int64]]
    rows: Array
    columns: Array
    surface: Array


def _angles() -> tuple[Array, Array]:
    front = STEP * np.arange(0, 55)
    steps = np.geomspace(STEP, 0.16, 24)
    side = front[-1] + np.cumsum(steps) / steps.sum() * (np.pi - front[-1])
    half = np.concatenate([front, side])
    columns = np.concatenate([-half[:0:-1], half])
    face = EYE_ROW + STEP * np.arange(-32, 82)
    steps = np.geomspace(STEP, 0.10, 18)
    top = face[0] - np.cumsum(steps) / steps.sum() * (np.pi / 2 + face[0])
    steps = np.geomspace(STEP, 0.06, 10)
    bottom = face[-1] + np.cumsum(steps) / steps.sum() * (1.32 - face[-1])
    return np.concatenate([top[::-1], face, bottom]), columns


def directions(azimuth: Array, elevation: Array) -> Array:
    """Unit vectors; azimuth 0 looks to -z (out of the picture) and grows to +x, elevation grows to +y (down)."""
    level = np.cos(elevation)
    return np.stack([np.sin(azimuth) * level, np.sin(elevation), -np.cos(azimuth) * level], -1)


def lip_heights(azimuth: Array, identity: Identity) -> tuple[Array, Array]:
    """Elevation spanned by the upper and by the lower lip's red at an azimuth; zero beyond the corners."""
    q = np.clip(np.abs(azimuth) / MOUTH_CORNER, 0, 1)
    bow = 1 - 0.16 * np.exp(-((q / 0.13) ** 2)) + 0.07 * np.exp(-(((q - 0.26) / 0.16) ** 2))
    upper = 0.058 * identity.lip_fullness * bow * (1 - q**1.7)
    lower = 0.082 * identity.lip_fullness * (1 - q**2.4)
    return upper, lower


def _lip_relief(azimuth: Array, elevation: Array, identity: Identity) -> Array:
    """Outward displacement that gives the lips their roundness, the crease between them and the philtrum."""
    upper, lower = lip_heights(azimuth, identity)
    q = np.clip(np.abs(azimuth) / MOUTH_CORNER, 0, 1)
    d = elevation - LIP_ROW
    full = identity.lip_fullness * (1 - q**2)
    up = np.clip(-d / np.maximum(upper, 1e-3), 0, 1.6)
    low = np.clip(d / np.maximum(lower, 1e-3), 0, 1.6)
    above = 0.036 * full * np.sin(np.pi * np.clip(up * 0.80 + 0.10, 0, 1)) ** 0.8
    below = 0.046 * full * np.sin(np.pi * np.clip(low * 0.72 + 0.10, 0, 1)) ** 0.8
    relief = np.where(d < 0, above * (up < 1.6), below * (low < 1.5))
    crease = -0.030 * np.exp(-((d / 0.012) ** 2)) * (1 - 0.4 * q) * (np.abs(azimuth) < MOUTH_CORNER * 1.12)
    under = -0.022 * np.exp(-(((d - lower - 0.07) / 0.045) ** 2)) * np.exp(-((azimuth / 0.16) ** 2))
    philtrum = -0.012 * np.exp(-((azimuth / 0.028) ** 2)) * np.exp(-(((d + 0.125) / 0.05) ** 2))
    ridges = 0.006 * np.exp(-(((np.abs(azimuth) - 0.05) / 0.022) ** 2)) * np.exp(-(((d + 0.12) / 0.05) ** 2))
    corner = -0.020 * np.exp(-(((np.abs(azimuth) - MOUTH_CORNER - 0.02) / 0.035) ** 2) - (d / 0.045) ** 2)
    return np.asarray(relief + crease + under + philtrum + ridges + corner)


def lid_opening(position: Array, identity: Identity) -> tuple[Array, Array]:
    """How far the upper and the lower lid stand from the eye's line at `position` 0 (inner) to 1 (outer corner)."""
    t = np.clip(position, 0, 1)
    upper = 0.063 * identity.eye_open * np.sin(np.pi * t**0.85) ** 0.75
    lower = 0.036 * identity.eye_open * np.sin(np.pi * t**1.12) ** 0.85
    return upper, lower


def _lip_bend(azimuth: Array, elevation: Array) -> Array:
    """Lowers the rows about the mouth to its corners, so that the row of the lips is straight in space."""
    q = np.abs(azimuth) / MOUTH_CORNER
    return np.asarray(0.036 * q**2 * np.exp(-((q / 1.5) ** 4)) * np.exp(-(((elevation - LIP_ROW) / 0.16) ** 2)))


def build(identity: Identity) -> Head:
    """The head of `identity`, deterministic."""
    rows, columns = _angles()
    elevation, azimuth = np.meshgrid(rows, columns, indexing="ij")
    parts = sculpt.ellipsoids(identity)
    rays = directions(azimuth, elevation + _lip_bend(azimuth, elevation))
    radius = sculpt.trace(sculpt.MIDDLE, rays.reshape(-1, 3), parts).reshape(azimuth.shape)
    radius = radius + _lip_relief(azimuth, elevation, identity)
    surface = sculpt.MIDDLE + radius[..., None] * rays
    normals = _grid_normals(surface)
    open_sky = sculpt.openness(surface.reshape(-1, 3), normals.reshape(-1, 3), parts)
    open_sky = open_sky.reshape(azimuth.shape) * (
        1 - 0.5 * np.exp(-(((elevation - LIP_ROW) / 0.014) ** 2)) * (np.abs(azimuth) < MOUTH_CORNER * 1.1)
    )
    return _slit(rows, columns, surface, open_sky, identity)


def _grid_normals(surface: Array) -> Array:
    normals = np.cross(np.gradient(surface, axis=0), np.gradient(surface, axis=1))
    return np.asarray(normals / (np.linalg.norm(normals, axis=-1, keepdims=True) + 1e-12))


def _slit(rows: Array, columns: Array, surface: Array, open_sky: Array, identity: Identity) -> Head:
    """Cut the grid along lips and eyelids, open the lids and line the cut edges."""
    height, width = surface.shape[:2]
    lip_row, eye_row = int(np.abs(rows - LIP_ROW).argmin()), int(np.abs(rows - EYE_ROW).argmin())
    upper = np.arange(height * width).reshape(height, width)
    lower = upper.copy()
    points, sky = list(surface.reshape(-1, 3)), list(open_sky.reshape(-1))
    elevation, azimuth = np.meshgrid(rows, columns, indexing="ij")
    angles = list(np.stack([azimuth, elevation], -1).reshape(-1, 2))
    side = list(np.where(elevation < LIP_ROW - 1e-9, -1.0, 1.0).reshape(-1))
    parent = list(range(len(points)))
    extra: list[tuple[int, int, int]] = []

    def copy(vertex: int, offset: Array | None = None, dim: float = 1.0) -> int:
        points.append(points[vertex] + (0 if offset is None else offset))
        sky.append(sky[vertex] * dim)
        angles.append(angles[vertex])
        side.append(side[vertex])
        parent.append(len(points) - 1 if offset is None else parent[vertex])
        return len(points) - 1

    def cut(row: int, first: int, last: int) -> NDArray[np.int64]:
        for column in range(first + 1, last):
            lower[row, column] = copy(int(upper[row, column]))
        return np.stack([upper[row, first : last + 1], lower[row, first : last + 1]], 1)

    def line(edge: NDArray[np.int64], offsets: list[Array], flip: bool, dims: list[float]) -> None:
        previous = [int(v) for v in edge]
        for offset, dim in zip(offsets, dims, strict=True):
            ring = [copy(int(v), offset, dim) for v in edge]
            for n in range(len(ring) - 1):
                a, b, c, d = previous[n], previous[n + 1], ring[n], ring[n + 1]
                extra.extend([(a, c, b), (b, c, d)] if flip else [(a, b, c), (b, d, c)])
            previous = ring

    def column_of(angle: float) -> int:
        return int(np.abs(columns - angle).argmin())

    lips = cut(lip_row, column_of(-MOUTH_CORNER), column_of(MOUTH_CORNER))
    for vertex in lips[1:-1, 0]:
        side[int(vertex)] = -1.0
    left = cut(eye_row, column_of(-EYE_CORNERS[1]), column_of(-EYE_CORNERS[0]))
    right = cut(eye_row, column_of(EYE_CORNERS[0]), column_of(EYE_CORNERS[1]))

    placed = np.array(points)
    _open_lids(placed, np.array(angles), eye_row, (left, right), upper, lower, identity)
    points[:] = list(placed)
    line(lips[:, 0], [np.array([0, -0.012, 0.04]), np.array([0, -0.06, 0.07])], True, [0.75, 0.3])
    line(lips[:, 1], [np.array([0, 0.012, 0.04]), np.array([0, 0.06, 0.07])], False, [0.75, 0.3])
    for lid in (left, right):
        line(lid[:, 0], [np.array([0, 0.0, 0.05])], True, [0.8])
        line(lid[:, 1], [np.array([0, 0.0, 0.05])], False, [0.9])

    cells = grid(height, width)
    band = cells.min(axis=1) // width  # the row of a cell's upper edge: that row lends its lower copies
    flat_lower = lower.reshape(-1)
    own_row = cells // width == band[:, None]
    triangles = np.where(own_row, flat_lower[cells], cells)
    v, u = np.meshgrid(np.linspace(0, 1, height), np.linspace(0, 1, width), indexing="ij")
    uv = np.stack([u, v], -1).reshape(-1, 2)
    origin = np.concatenate([np.arange(height * width), np.zeros(len(points) - height * width, dtype=np.int64)])
    for r, c in np.argwhere(lower != upper):
        origin[lower[r, c]] = upper[r, c]
    parents = np.array(parent)
    lining = np.flatnonzero(parents != np.arange(len(points)))
    origin[lining] = origin[parents[lining]]
    return Head(
        points=np.array(points),
        triangles=np.ascontiguousarray(np.concatenate([triangles, np.array(extra)]), dtype=np.int32),
        values=np.concatenate([uv[origin], np.array(sky)[:, None]], 1).astype(np.float32),
        angles=np.array(angles),
        side=np.array(side),
        parent=parents,
        lips=lips,
        lids=(left, right),
        rows=rows,
        columns=columns,
        surface=surface,
    )


def _open_lids(
    points: Array,
    angles: Array,
    eye_row: int,
    lids: tuple[NDArray[np.int64], NDArray[np.int64]],
    upper: NDArray[np.int64],
    lower: NDArray[np.int64],
    identity: Identity,
) -> None:
    """Move the lids' margins, and with a falling weight the skin behind them, from the eye's line to their rest."""
    for lid in lids:
        for edge in lid:
            t = (abs(angles[edge[0], 0]) - EYE_CORNERS[0]) / (EYE_CORNERS[1] - EYE_CORNERS[0])
            up, down = lid_opening(np.array(t), identity)
            row_column = np.argwhere(upper == edge[0])[0]
            tilt = -0.02 * identity.eye_tilt * (t - 0.5)
            for step in range(0, 14):
                weight = max(0.0, 1 - step / 13) ** 1.25
                points[upper[eye_row - step, row_column[1]], 1] += (tilt - up) * weight
                if step and edge[0] != edge[1]:
                    points[lower[eye_row + step, row_column[1]], 1] += (down + tilt) * weight
            if edge[0] != edge[1]:
                points[edge[1], 1] += down + tilt
    for side in (-1, 1):
        push_out(points, sculpt.eye_centre(identity, side))


def push_out(points: Array, centre: Array) -> None:
    """Keep eyelids outside the eyeball: points nearer to its centre than a lid's thickness allows go out to there."""
    offset = points - centre
    far = np.linalg.norm(offset, axis=1)
    limit = sculpt.EYE_RADIUS * 1.065
    inside = (far < limit) & (offset[:, 2] < 0.02)
    points[inside] = centre + offset[inside] * (limit / far[inside])[:, None]
