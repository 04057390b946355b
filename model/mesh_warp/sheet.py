"""The picture as a sheet of rubber: fixed to the head where it shows the head, still where it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage, sparse
from scipy.spatial import cKDTree

from model.mesh_warp.back import RIM
from model.mesh_warp.head import Floats, Head
from model.mesh_warp.matte import View
from model.mesh_warp.topology import Integers

_CELLS: Final = 64
_LOWEST_RIGID: Final = 0.5
"""How far below the pivot all belongs to the head, in canonical units: hair, ears."""
_NECK: Final = (0.08, 1.1)
"""From where to where beside or below that, a neck and hair pass from the head's motion to the still shoulders."""
_NEAR, _REACH = 6, 0.35
"""Points of the mesh whose expression a point of the sheet follows, and how far it fades outside the face."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """`points` (N, 3) pixels of the source and depth; `triangles` (M, 3); `attached` (N, 1) 1 where fixed to the head.

    `shape` (N, 3) the points in the head's axes; `follows` (N, 468) shares of the mesh's expression.
    """

    points: Floats
    triangles: Integers
    attached: Floats
    shape: Floats
    follows: sparse.csr_matrix

    def place(self, source: Head, moved: Head) -> Floats:
        """(N, 3): the points where the moved head takes them."""
        expression = self.follows @ (moved.shape - source.shape)
        return np.asarray(self.points + self.attached * (moved.pose.place(self.shape + expression) - self.points))


def attachment(view: View) -> Floats:
    """(h, w): 1 on the head, falling to 0 down the neck."""
    off = ndimage.distance_transform_edt(~(view.face | (view.down < _LOWEST_RIGID))) / view.unit
    share = np.clip((off - _NECK[0]) / (_NECK[1] - _NECK[0]), 0, 1)
    return np.asarray(1 - share * share * (3 - 2 * share))


def depth(view: View, face_depth: Floats, person: Floats) -> Floats:
    """(h, w) depth behind the pivot in canonical units.

    In the face the mesh's own, `face_depth`; outside it, a quarter of an ellipse from the face's edge to the depth
    of the person's outline.
    """
    to_outline = ndimage.distance_transform_edt((person > 0.5) | view.face)
    to_face, (row, column) = ndimage.distance_transform_edt(~view.face, return_indices=True)
    share = to_outline / (to_outline + to_face + 1e-6)
    outside = RIM + (face_depth[row, column] - RIM) * np.sqrt(np.clip(1 - (1 - share) ** 2, 0, 1))
    return np.asarray(ndimage.gaussian_filter(np.where(view.face, face_depth, outside), 1.5))


def of(view: View, head: Head, person: Floats, attached: Floats, behind: Floats, size: tuple[int, int]) -> Sheet:
    """The sheet of a frame of `size`; `person`, `attached` and `behind` (depth) are (h, w) of the view."""
    height, width = size
    step = max(size) / _CELLS
    rows, columns = round(height / step) + 1, round(width / step) + 1
    y, x = np.mgrid[:rows, :columns] * np.array([height / (rows - 1), width / (columns - 1)])[:, None, None]

    def at(values: Floats) -> Floats:
        places = [y * view.scale - 0.5, x * view.scale - 0.5]
        return np.asarray(ndimage.map_coordinates(values, places, order=1, mode="nearest"))

    fixed = at(attached)
    moves = (at(ndimage.maximum_filter(person, 3)) > 0.02) & (fixed > 1e-3)
    cell = moves[:-1, :-1] | moves[1:, :-1] | moves[:-1, 1:] | moves[1:, 1:]
    number = np.arange(rows * columns).reshape(rows, columns)
    corners = number[:-1, :-1][cell], number[:-1, 1:][cell], number[1:, :-1][cell], number[1:, 1:][cell]
    triangles = np.concatenate([np.stack(corners[:3], 1), np.stack([corners[1], corners[3], corners[2]], 1)])
    used, triangles = np.unique(triangles, return_inverse=True)
    points = np.stack([x, y, at(behind) * head.pose.scale], -1).reshape(-1, 3)[used]
    return Sheet(
        points,
        triangles.reshape(-1, 3).astype(np.int64),
        fixed.reshape(-1, 1)[used],
        head.pose.unplace(points),
        _follows(points, head),
    )


def _follows(points: Floats, head: Head) -> sparse.csr_matrix:
    mesh = head.pose.place(head.shape)
    away, near = cKDTree(mesh[:, :2]).query(points[:, :2], k=_NEAR)
    away = away / head.pose.scale
    share = 1 / (away + 0.05) ** 2
    share *= np.exp(-((away[:, :1] / _REACH) ** 2)) / share.sum(1, keepdims=True)
    starts = np.arange(0, near.size + 1, _NEAR)
    return sparse.csr_matrix((share.ravel(), near.ravel(), starts), (len(points), len(mesh)))
