"""A z-buffered triangle rasteriser that keeps, for every sample, what shading needs to know."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.portraits.drawing.compiled import compiled

FAR = np.float32(1e9)
CHANNELS = 6
"""Interpolated values of a sample: normal (x, y, z) and three of the material's own (most often u, v, openness)."""


@compiled
def clear(depth: NDArray[np.float32], material: NDArray[np.int32]) -> None:
    """Empty the buffers: `depth` (H, W) to far, `material` (H, W) to 0, the background."""
    depth[:] = 1e9
    material[:] = 0


@compiled
def draw(
    screen: NDArray[np.float32],
    values: NDArray[np.float32],
    triangles: NDArray[np.int32],
    material_id: int,
    cull: int,
    mask: NDArray[np.float32],
    threshold: float,
    depth: NDArray[np.float32],
    material: NDArray[np.int32],
    samples: NDArray[np.float32],
) -> None:
    """Draw one mesh into the buffers.

    Args:
        screen: (N, 3) sample x, sample y, depth of each vertex; sample centres lie at .5.
        values: (N, 6) what is interpolated over a triangle.
        triangles: (M, 3) vertex indices.
        material_id: what `material` holds where this mesh is nearest.
        cull: 1 drops triangles that run clockwise on the screen, -1 the others, 0 none.
        mask: (h, w) opacity over (u, v) = values 3 and 4 in [0, 1]; a sample is kept where it exceeds `threshold`
            times value 5. An empty mask (0, 0) keeps every sample.
        threshold: see `mask`.
        depth: (H, W) nearest depth so far.
        material: (H, W) material so far.
        samples: (H, W, 6) interpolated values so far.
    """
    height, width = depth.shape
    mask_height, mask_width = mask.shape
    for m in range(triangles.shape[0]):
        i, j, k = triangles[m, 0], triangles[m, 1], triangles[m, 2]
        x0, y0, x1, y1, x2, y2 = (screen[i, 0], screen[i, 1], screen[j, 0], screen[j, 1], screen[k, 0], screen[k, 1])
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area == 0.0 or area * cull < 0.0:
            continue
        left = max(0, int(np.ceil(min(x0, x1, x2) - 0.5)))
        right = min(width - 1, int(np.floor(max(x0, x1, x2) - 0.5)))
        top = max(0, int(np.ceil(min(y0, y1, y2) - 0.5)))
        bottom = min(height - 1, int(np.floor(max(y0, y1, y2) - 0.5)))
        inverse = 1.0 / area
        for row in range(top, bottom + 1):
            py = row + 0.5
            for column in range(left, right + 1):
                px = column + 0.5
                a = ((x1 - px) * (y2 - py) - (x2 - px) * (y1 - py)) * inverse
                b = ((x2 - px) * (y0 - py) - (x0 - px) * (y2 - py)) * inverse
                c = 1.0 - a - b
                if a < 0.0 or b < 0.0 or c < 0.0:
                    continue
                z = a * screen[i, 2] + b * screen[j, 2] + c * screen[k, 2]
                if z >= depth[row, column]:
                    continue
                if mask_height > 0:
                    u = a * values[i, 3] + b * values[j, 3] + c * values[k, 3]
                    v = a * values[i, 4] + b * values[j, 4] + c * values[k, 4]
                    w = a * values[i, 5] + b * values[j, 5] + c * values[k, 5]
                    mx = min(mask_width - 1, max(0, int(u * mask_width)))
                    my = min(mask_height - 1, max(0, int(v * mask_height)))
                    if mask[my, mx] <= threshold * w:
                        continue
                depth[row, column] = z
                material[row, column] = material_id
                for q in range(6):
                    samples[row, column, q] = a * values[i, q] + b * values[j, q] + c * values[k, q]


@compiled
def draw_depth(screen: NDArray[np.float32], triangles: NDArray[np.int32], depth: NDArray[np.float32]) -> None:
    """Draw only the depth of a mesh, both sides, as the light sees it; arguments as in `draw`."""
    height, width = depth.shape
    for m in range(triangles.shape[0]):
        i, j, k = triangles[m, 0], triangles[m, 1], triangles[m, 2]
        x0, y0, x1, y1, x2, y2 = (screen[i, 0], screen[i, 1], screen[j, 0], screen[j, 1], screen[k, 0], screen[k, 1])
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area == 0.0:
            continue
        left = max(0, int(np.ceil(min(x0, x1, x2) - 0.5)))
        right = min(width - 1, int(np.floor(max(x0, x1, x2) - 0.5)))
        top = max(0, int(np.ceil(min(y0, y1, y2) - 0.5)))
        bottom = min(height - 1, int(np.floor(max(y0, y1, y2) - 0.5)))
        inverse = 1.0 / area
        for row in range(top, bottom + 1):
            py = row + 0.5
            for column in range(left, right + 1):
                px = column + 0.5
                a = ((x1 - px) * (y2 - py) - (x2 - px) * (y1 - py)) * inverse
                b = ((x2 - px) * (y0 - py) - (x0 - px) * (y2 - py)) * inverse
                c = 1.0 - a - b
                if a >= 0.0 and b >= 0.0 and c >= 0.0:
                    z = a * screen[i, 2] + b * screen[j, 2] + c * screen[k, 2]
                    depth[row, column] = min(depth[row, column], z)


@compiled
def vertex_normals(points: NDArray[np.float32], triangles: NDArray[np.int32], normals: NDArray[np.float32]) -> None:
    """Area-weighted vertex normals of `points` (N, 3) into `normals` (N, 3), unit length."""
    normals[:] = 0.0
    for m in range(triangles.shape[0]):
        i, j, k = triangles[m, 0], triangles[m, 1], triangles[m, 2]
        ux, uy, uz = points[j, 0] - points[i, 0], points[j, 1] - points[i, 1], points[j, 2] - points[i, 2]
        vx, vy, vz = points[k, 0] - points[i, 0], points[k, 1] - points[i, 1], points[k, 2] - points[i, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for vertex in (i, j, k):
            normals[vertex, 0] += nx
            normals[vertex, 1] += ny
            normals[vertex, 2] += nz
    for n in range(points.shape[0]):
        length = np.sqrt(normals[n, 0] ** 2 + normals[n, 1] ** 2 + normals[n, 2] ** 2)
        if length > 0.0:
            for q in range(3):
                normals[n, q] /= length
