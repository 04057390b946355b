"""The back of a head, which no picture of its face shows: a dome behind its outline, covered with its own hair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from model.mesh_warp.diffusion import Mask
from model.mesh_warp.head import Floats, Head
from model.mesh_warp.matte import View, axes
from model.mesh_warp.topology import Integers

RIM: Final = 0.3
"""How far behind the pivot a head's outline lies, in canonical units."""
_DEPTH: Final = 1.15
"""From there to the back of the head."""
_RAYS: Final = np.deg2rad(np.arange(-235.0, 56.0, 5.0))
"""Directions of the outline from the pivot, from the left over the top to the right; 0 points right, -90 up."""
_HAIR: Final = np.deg2rad((-155.0, -25.0))
"""Between these directions hair is taken from: over the forehead, where every head has most of it in sight."""
_RINGS: Final = np.linspace(0, 0.95, 8)
"""Depths of rings of the dome, in shares of its own."""
_LOW: Final = np.deg2rad(40.0)
"""Directions so far below the sides have no back of a head behind them"""
_LONG_HAIR: Final = (1.45, 1.7)
"""unless what is there is so wide that it must be hair."""
_EDGE: Final = 0.35
"""Share of the way from the outline to the face that may still show what is behind."""
_FARTHEST, _STEP = 2.9, 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Back:
    """`shape` (N, 3) in the head's axes; `texture` (N, 2) pixels of the source; `triangles` (M, 3)."""

    shape: Floats
    texture: Floats
    triangles: Integers


def of(view: View, head: Head, person: Mask) -> Back:
    """The dome behind the outline of `person` (h, w): hair between outline and face, mirrored there and back."""
    ways = np.stack([np.cos(_RAYS), np.sin(_RAYS)], 1) @ axes(head)
    outline, face = _reach(view, head, ways, person | view.face)
    hair = np.clip(_RAYS, *_HAIR)
    rim, inner = np.interp(hair, _RAYS, outline), np.interp(hair, _RAYS, face)
    edge, band = _EDGE * (rim - inner), (0.85 - _EDGE) * (rim - inner)
    hair_ways = np.stack([np.cos(hair), np.sin(hair)], 1) @ axes(head)
    low = np.abs(_RAYS + np.pi / 2) - np.pi / 2
    wide = np.clip((outline * np.cos(low) - _LONG_HAIR[0]) / (_LONG_HAIR[1] - _LONG_HAIR[0]), 0, 1)
    depth = _DEPTH * np.maximum(np.clip(1 - low / _LOW, 0, 1), 0.8 * wide)
    places, textures = [], []
    for share in _RINGS:
        flat = head.pose.scale * (outline * np.sqrt(1 - share**2))[:, None] * ways + head.pose.pivot
        places.append(np.concatenate([flat, head.pose.scale * (RIM + depth * share)[:, None]], 1))
        along = depth * share / band % 2
        inwards = rim - edge - np.minimum(along, 2 - along) * band
        textures.append(head.pose.scale * inwards[:, None] * hair_ways + head.pose.pivot)
    number = np.arange(len(_RINGS) * len(ways)).reshape(len(_RINGS), -1)
    corners = number[:-1, :-1].ravel(), number[:-1, 1:].ravel(), number[1:, :-1].ravel(), number[1:, 1:].ravel()
    triangles = np.concatenate([np.stack(corners[:3], 1), np.stack([corners[1], corners[3], corners[2]], 1)])
    return Back(head.pose.unplace(np.concatenate(places)), np.concatenate(textures), triangles)


def _reach(view: View, head: Head, ways: Floats, person: Mask) -> tuple[Floats, Floats]:
    """How far from the pivot the person and the face reach along every way, in canonical units."""
    far = np.arange(0, _FARTHEST, _STEP)
    places = (far[:, None, None] * head.pose.scale * ways + head.pose.pivot) * view.scale - 0.5

    def along(mask: Mask) -> Mask:
        found = ndimage.map_coordinates(mask * 1.0, places.transpose(2, 0, 1)[::-1], order=0, mode="constant")
        return np.asarray(found > 0.5)

    within, seen = along(person), along(view.face)
    outline = np.where(within.all(0), far[-1], far[within.argmin(0)])
    outline = ndimage.gaussian_filter1d(ndimage.median_filter(outline, 5), 1)
    face = np.where(seen.any(0), far[len(far) - 1 - seen[::-1].argmax(0)], 0.5)
    return outline, np.minimum(face, outline - 5 * _STEP)
