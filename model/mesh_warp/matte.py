"""Which part of a still picture is the person whose face mesh is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from model.mesh_warp.diffusion import Mask, balanced, carried_on
from model.mesh_warp.head import Floats, Head

_MIDDLE, _HALF_WIDTH, _HALF_HEIGHT = -0.50, 1.75, 2.30
"""An ordinary head with its hair: its middle below the pivot, and its halves, in canonical units."""
_INSIDE, _OUTSIDE = 0.45, 1.5
"""Within and beyond so many times that head all is the person, all is background."""
_SHOULDERS: Final = 1.3
"""How far below the pivot background is looked for: farther down lie shoulders."""
_BODY: Final = 2.6
"""Farther below all counts as the person: it does not move."""
_NECK: Final = (0.5, 1.0)
"""Half of the width of the neck that is surely the person, and how far below the pivot it begins."""
_NEIGHBOURHOOD: Final = 8.0
_NOISE, _TEXTURE = 0.006, 0.02
"""Variance of a background without texture, and the one at which its colour tells little."""
_COLOUR, _PRIOR = 0.03, 0.004
"""Pull of the colour and of an ordinary head's outline, neighbours that look the same pulling with one."""
_CONTRAST: Final = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A source's picture in small, and where its pixels lie in the head.

    `picture` (h, w, 3) in 0–1; `scale` its pixels per pixel of the frame; `unit` its pixels per canonical unit; `face`
    (h, w) where the mesh lies; `right` and `down` (h, w) from the pivot along the face, in canonical units.
    """

    picture: Floats
    scale: float
    unit: float
    face: Mask
    right: Floats
    down: Floats


def axes(head: Head) -> Floats:
    """(2, 2): unit vectors in the frame that point to the right and down along a face."""
    x, y = head.pose.rotation[:2, 1] / np.linalg.norm(head.pose.rotation[:2, 1])
    return np.array([[y, -x], [x, y]])


def matte(view: View) -> Floats:
    """(h, w) share of the person, 0–1.

    Face and neck are the person, what is far off is background. In between, shares follow their neighbours (the more
    alike two look, the more), an ordinary head's outline, and how unlike the background around they are: a random
    walker with priors (Grady 2005). What is not joined to the face is left out, holes are closed.
    """
    picture, face, down = view.picture, view.face, view.down
    away = np.sqrt((view.right / _HALF_WIDTH) ** 2 + ((down - _MIDDLE) / _HALF_HEIGHT) ** 2)
    person = ndimage.binary_erosion(face) | (away < _INSIDE) | (down > _BODY)
    person |= (np.abs(view.right) < _NECK[0]) & (down > _NECK[1])
    behind = (away > _OUTSIDE) & (down < _SHOULDERS) & ~person & ~face

    unlike, trust = _unlike(picture, behind)
    usual = 1 / (1 + np.exp(np.clip((away - 0.93) * 12, -50, 50)))
    colour = _COLOUR * trust
    prior = _PRIOR * (1 + 12 * np.abs(np.clip(away, 0.5, 1.5) - 1))
    pull = colour + prior
    towards = (colour * unlike + prior * usual) / pull
    share = balanced(person[..., None] * 1.0, person | behind, _alike(picture), pull, towards[..., None])[..., 0]

    found = _eased(np.clip((share - 0.35) / 0.3, 0, 1))
    parts, _ = ndimage.label(ndimage.binary_opening(share > 0.5, iterations=2) | person)
    own = parts == np.bincount(parts[face], minlength=2)[1:].argmax() + 1
    found *= ndimage.binary_dilation(own, iterations=4)
    closed = ndimage.binary_closing(np.pad(found > 0.5, 4), iterations=3)
    solid = ndimage.binary_erosion(ndimage.binary_fill_holes(closed)[4:-4, 4:-4] & (away < 1.3))
    return np.asarray(np.maximum(found, ndimage.gaussian_filter(solid * 1.0, 0.7) * (share > 0.02)))


def _unlike(picture: Floats, behind: Mask) -> tuple[Floats, Floats]:
    """(h, w) how unlike the background around it a pixel is, 0–1, and how far that can be trusted."""
    if not behind.any():
        return np.zeros(behind.shape), np.zeros(behind.shape)
    share = ndimage.gaussian_filter(behind * 1.0, _NEIGHBOURHOOD) + 1e-6

    def around(values: Floats) -> Floats:
        sigma = (_NEIGHBOURHOOD, _NEIGHBOURHOOD, 0)
        return np.asarray(ndimage.gaussian_filter(values * behind[..., None], sigma) / share[..., None])

    variance = np.clip(around(picture**2) - around(picture) ** 2, 0, None).sum(2, keepdims=True)
    expected = carried_on(np.concatenate([picture, variance], 2), behind)
    off = ((picture - expected[..., :3]) ** 2).sum(2)
    return 1 - np.exp(-off / 2 / (expected[..., 3] + _NOISE)), 1 / (1 + expected[..., 3] / _TEXTURE)


def _alike(picture: Floats) -> tuple[Floats, Floats]:
    """Weights between neighbours in rows and in columns: 1 for the same colour."""
    smooth = ndimage.gaussian_filter(picture, (0.7, 0.7, 0))
    across, down = (np.square(np.diff(smooth, axis=axis)).sum(2) for axis in (1, 0))
    usual = np.concatenate([across.ravel(), down.ravel()]).mean() + 1e-6
    return np.exp(-_CONTRAST * across / usual) + 1e-4, np.exp(-_CONTRAST * down / usual) + 1e-4


def _eased(share: Floats) -> Floats:
    return share * share * (3 - 2 * share)
