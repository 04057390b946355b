"""Triangles over the face mesh's points, which of them are mouth and eyes, and each point's mirror image."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, Delaunay

from model.mesh_warp.head import PIVOT, Floats

Integers = NDArray[np.int64]

UPPER_LIP: Final = (
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
    (76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306),
    (62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292),
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
)
"""The upper lip's points from the left of the image to the right, with its corners, outer edge first."""
LOWER_LIP: Final = (
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
    (76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306),
    (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
)
"""The lower lip's, likewise."""


@dataclass(frozen=True, slots=True, eq=False)
class Topology:
    """Triangles whose corners run clockwise on the screen where they are seen from outside.

    `triangles` (M, 3) of the face without its mouth, `mouth` (K, 3) those between the lips, `outline` (B,) the points
    around the face in order.
    """

    triangles: Integers
    mouth: Integers
    outline: Integers


def of(face: Floats) -> Topology:
    """The triangles of a canonical face (468, 3).

    Lips are strips from edge to edge, as their points may lie upon each other; all else is Delaunay's triangulation of
    the face unrolled from a cylinder about its pivot.
    """
    way = face - PIVOT
    unrolled = np.stack([np.arctan2(way[:, 0], -way[:, 2]), way[:, 1] / 2.0], 1)
    hull = ConvexHull(unrolled).vertices.astype(np.int64)
    upper, lower = np.array(UPPER_LIP), np.array(LOWER_LIP)
    others = np.setdiff1d(np.arange(len(face)), np.concatenate([upper[1:], lower[1:]]))
    skin = others[Delaunay(unrolled[others]).simplices].astype(np.int64)
    x, y = unrolled[skin].mean(1).T
    top, bottom = (np.interp(x, *unrolled[edge].T) for edge in (upper[0], lower[0]))
    outside = (x < unrolled[upper[0, 0], 0]) | (x > unrolled[upper[0, -1], 0])
    skin = skin[outside | (y < top) | (y > bottom)]
    corners = unrolled[skin]
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    back = one[:, 0] * other[:, 1] < one[:, 1] * other[:, 0]
    skin[back] = skin[back][:, ::-1]
    skin = skin[np.lexsort(skin.T[::-1])]
    lips = [_strip(a, b) for a, b in pairwise(upper)] + [_strip(b, a) for a, b in pairwise(lower)]
    return Topology(np.concatenate([skin, *lips]), _strip(upper[-1], lower[-1]), hull)


def _strip(above: Integers, below: Integers) -> Integers:
    """Triangles between two rows of points that run to the right; ends that they share make one triangle."""
    quads = zip(pairwise(above.tolist()), pairwise(below.tolist()), strict=True)
    found = [t for (a, b), (c, d) in quads for t in ((a, b, c), (b, d, c)) if len(set(t)) == 3]
    return np.array(found, np.int64)
