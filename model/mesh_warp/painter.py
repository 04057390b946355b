"""The picture of a source whose head has moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import grid_sample

from model.mesh_warp.head import Floats, Head
from model.mesh_warp.raster import draw
from model.mesh_warp.source import Source
from model.mesh_warp.topology import Integers, Topology

Picture = NDArray[np.float32]

_GAP_POINTS: Final = ((81, 13, 311), (178, 14, 402))
_OPENS: Final = (0.02, 0.08)
"""By how much lips part, in canonical units, until their inside is drawn, and until it is drawn in full,"""
_OPEN: Final = (0.10, 0.25)
"""unless the source's lips are so far apart that its own inside begins to be, and is, enough to show."""
_TURNED: Final = (5.0, 20.0)
"""Degrees from the source's pose at which its outline begins to be cleaned of what was behind it, and at which it is:
near that pose what was behind it still is."""
_STILL: Final = (0.15, 0.5)
"""Pixels of motion below which the source itself is shown, and above which it is not."""


@dataclass(frozen=True, slots=True, eq=False)
class Painter:
    """Paints a source in other poses and expressions. Nothing is kept from picture to picture."""

    source: Source
    topology: Topology

    def paint(self, moved: Head) -> NDArray[np.uint8]:
        """(H, W, 3) uint8: from behind, what is behind the head, its back, the sheet, the face, the mouth's inside."""
        source = self.source
        where, sheet_there = self._drawn(
            source.sheet.place(source.head, moved), source.sheet.triangles, source.sheet.points[:, :2]
        )
        mesh = moved.pose.place(moved.shape)
        on_face, face_there = self._face(mesh)
        cover = _soft(face_there)
        share = np.where(face_there, np.clip(on_face[..., 2] * 3, 0, 1) * cover, 0)[..., None]
        where = np.where((face_there & ~sheet_there)[..., None], on_face[..., :2], where)
        where += share * (on_face[..., :2] - where)

        away = _angle(source.head.pose.rotation, moved.pose.rotation)
        layers = torch.lerp(source.layers, source.clean, _share(away, _TURNED))
        colour, person = _sampled(layers, where)
        opaque = np.maximum(person * _soft(sheet_there), cover)[..., None]
        picture = colour * opaque + self._backdrop(moved) * (1 - opaque)
        inside = self._openness(moved)
        if inside > 0:
            mouth = ndimage.gaussian_filter(on_face[..., 3] * face_there, 0.7)[..., None] * np.float32(inside)
            picture += mouth * (source.cavity.astype(np.float32) - picture)
        picture += self._unmoved(where, sheet_there | face_there) * (source.picture - picture)
        return np.asarray(picture.round().clip(0, 255).astype(np.uint8))

    def _face(self, mesh: Floats) -> tuple[Picture, NDArray[np.bool_]]:
        """For every pixel of the turned face: where it is in the source, 0 at the face's edge, 1 between the lips."""
        topology, source = self.topology, self.source
        seen = _clockwise(mesh, topology.triangles) & _clockwise(source.mesh, topology.triangles)
        edge = np.ones(len(mesh))
        edge[topology.outline] = 0
        skin = np.concatenate([source.mesh[:, :2], edge[:, None], np.zeros((len(mesh), 1))], 1)
        mouth = skin.copy()
        mouth[:, 3] = 1
        triangles = np.concatenate([topology.triangles[seen], topology.mouth + len(mesh)])
        return self._drawn(np.concatenate([mesh, mesh]), triangles, np.concatenate([skin, mouth]))

    def _backdrop(self, moved: Head) -> Picture:
        """What is behind the head, and before it that part of the head's back which has turned into sight."""
        back = self.source.back
        places = moved.pose.place(back.shape)
        seen = _clockwise(places, back.triangles)
        if not seen.any():
            return self.source.behind
        where, there = self._drawn(places, back.triangles[seen], back.texture)
        colour, _ = _sampled(self.source.clean, where)
        opaque = _soft(there)[..., None]
        return np.asarray(colour * opaque + self.source.behind * (1 - opaque))

    def _drawn(self, places: Floats, triangles: Integers, values: Floats) -> tuple[Picture, NDArray[np.bool_]]:
        size = self.source.picture.shape[0], self.source.picture.shape[1]
        return draw(places.astype(np.float32), triangles, values.astype(np.float32), size)

    def _openness(self, moved: Head) -> float:
        """By how much the inside of the mouth is unknown: 0 where the source shows it, 1 where its mouth is shut."""
        before = _gap(self.source.head.shape)
        return _share(_gap(moved.shape) - before, _OPENS) * (1 - _share(before, _OPEN))

    def _unmoved(self, where: Picture, there: NDArray[np.bool_]) -> Picture:
        """(H, W, 1): 1 where the source's own pixel is as good as the sampled one."""
        height, width = there.shape
        y, x = np.ogrid[:height, :width]
        off = np.hypot(where[..., 0] - x.astype(np.float32) - 0.5, where[..., 1] - y.astype(np.float32) - 0.5)
        share = np.clip((_STILL[1] - off) / (_STILL[1] - _STILL[0]), 0, 1) * there
        return np.asarray(share[..., None], np.float32)


def _share(value: float, span: tuple[float, float]) -> float:
    """How far a value has gone through a span, 0–1."""
    return min(max((value - span[0]) / (span[1] - span[0]), 0.0), 1.0)


def _gap(shape: Floats) -> float:
    upper, lower = (shape[list(points)] for points in _GAP_POINTS)
    return float(np.linalg.norm(upper - lower, axis=1).mean())


def _clockwise(places: Floats, triangles: Integers) -> NDArray[np.bool_]:
    corners = places[triangles][..., :2]
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.asarray(one[:, 0] * other[:, 1] > one[:, 1] * other[:, 0])


def _soft(there: NDArray[np.bool_]) -> Picture:
    """1 within, falling over the last pixel before an edge."""
    return np.asarray(ndimage.uniform_filter(there.astype(np.float32), 3) * there)


def _sampled(layers: Tensor, where: Picture) -> tuple[Picture, Picture]:
    """Colour (H, W, 3) and share of the person (H, W) of layers (1, 4, H, W) at (H, W, 2) pixels."""
    height, width = where.shape[:2]
    places = torch.from_numpy(where * np.array([2 / width, 2 / height], np.float32) - np.float32(1))[None]
    found = grid_sample(layers, places, padding_mode="border", align_corners=False)[0].numpy()
    return found[:3].transpose(1, 2, 0), found[3]


def _angle(one: Floats, other: Floats) -> float:
    """Degrees between two rotations."""
    return float(np.rad2deg(np.arccos(np.clip((np.trace(one.T @ other) - 1) / 2, -1, 1))))
