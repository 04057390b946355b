"""Triangles drawn into a small picture: where each of its samples lies on a mesh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


def draw(
    places: Floats, triangles: Integers, values: Floats, size: tuple[int, int]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Values of the nearest triangle at the centre of every sample.

    Args:
        places: (N, 3) x, y in samples and depth of each vertex; sample centres lie at .5.
        triangles: (M, 3) vertices.
        values: (N, C) what is interpolated over a triangle.
        size: (H, W) of the picture.

    Returns:
        (H, W, C), and (H, W) whether there is a triangle. Of two at one depth the later counts.
    """
    height, width = size
    corners = places[triangles]
    low = np.ceil(corners[..., :2].min(1) - 0.5).clip(0).astype(np.int64)
    high = np.floor(corners[..., :2].max(1) - 0.5).clip(-1, [width - 1, height - 1]).astype(np.int64)
    across, down = (high - low + 1).clip(0).T
    count = across * down
    which = np.repeat(np.arange(len(triangles)), count)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    row, column = np.divmod(nth, across[which])
    row += low[which, 1]
    column += low[which, 0]

    origin, right, left = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = right[:, 0] * left[:, 1] - right[:, 1] * left[:, 0]
    with np.errstate(divide="ignore"):
        inverse = np.where(area != 0, 1 / area, np.float32(np.nan))
    # Shares of the second and third corner are linear in x and y.
    share = np.stack([left[:, 1], -left[:, 0], -right[:, 1], right[:, 0]], 1) * inverse[:, None]
    slope = share[which]
    x = (column + np.float32(0.5)).astype(np.float32) - origin[which, 0]
    y = (row + np.float32(0.5)).astype(np.float32) - origin[which, 1]
    second = slope[:, 0] * x + slope[:, 1] * y
    third = slope[:, 2] * x + slope[:, 3] * y
    edge = np.float32(-1e-4)
    inside = np.flatnonzero((second >= edge) & (third >= edge) & (second + third <= 1 - edge))

    which, second, third = which[inside], second[inside], third[inside]
    sample = row[inside] * width + column[inside]
    depth = origin[which, 2] + second * right[which, 2] + third * left[which, 2]
    order = np.argsort(-depth, kind="stable")
    nearest = np.full(height * width, -1)
    nearest[sample[order]] = order
    there = nearest >= 0
    chosen = nearest[there]
    found = np.zeros((height * width, values.shape[1]), np.float32)
    corner = values[triangles[which[chosen]]]
    b, c = second[chosen, None], third[chosen, None]
    found[there] = corner[:, 0] * (1 - b - c) + corner[:, 1] * b + corner[:, 2] * c
    return found.reshape(height, width, -1), there.reshape(height, width)
