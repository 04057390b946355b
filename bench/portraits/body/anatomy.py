"""What a head has besides its skin: eyeballs, the inside of the mouth, ears, neck, lashes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.portraits.body import sculpt
from bench.portraits.body.head import Head
from bench.portraits.body.identity import Identity
from bench.portraits.drawing.mesh import Mesh, sheet

Array = NDArray[np.float64]


def eyeball() -> Mesh:
    """A unit eyeball that looks to -z, cornea included; its values are the direction from its centre."""
    polar, turn = np.meshgrid(np.linspace(0, 1.75, 26), np.linspace(0, 2 * np.pi, 33), indexing="ij")
    direction = np.stack([np.sin(polar) * np.sin(turn), np.sin(polar) * np.cos(turn), -np.cos(polar)], -1)
    bulge = 1 + 0.055 * np.clip(1 - (polar / 0.62) ** 2, 0, 1)
    mesh = sheet(direction * bulge[..., None])
    return Mesh(mesh.points, mesh.triangles, np.ascontiguousarray(direction.reshape(-1, 3), dtype=np.float32))


def cavity() -> Mesh:
    """The hollow behind the lips, seen from inside."""
    polar, turn = np.meshgrid(np.linspace(0, 1.9, 12), np.linspace(0, 2 * np.pi, 25), indexing="ij")
    direction = np.stack([np.sin(polar) * np.sin(turn), np.sin(polar) * np.cos(turn), np.cos(polar)], -1)
    points = np.array([0, 0.76, -0.66]) + direction * [0.29, 0.25, 0.30]
    return sheet(points, 0.10 + 0.25 * (polar / 1.9) ** 3)


def teeth(*, upper: bool) -> Mesh:
    """One dental arch; u counts along the arch, v from the gum to the edge."""
    turn = np.linspace(-1.25, 1.25, 61)
    length = np.linspace(0, 1, 6)
    edge = 0.752 if upper else 0.748
    gum = 0.655 if upper else 0.835
    wave = 0.006 * np.abs(np.sin(turn * 9.0))
    t, v = np.meshgrid(turn, length, indexing="xy")
    front = 0.885 if upper else 0.862
    width = 0.275 if upper else 0.250
    bulge = 0.012 * np.sin(np.pi * np.clip(v, 0, 1))
    x = (width + bulge) * np.sin(t)
    z = -(front - 0.33) - (0.33 + bulge) * np.cos(t) ** 0.55
    y = gum + (edge - gum) * v + (-wave if upper else wave) * v
    y = y + 0.03 * (1 - np.cos(t)) * (-1 if upper else 1) * 0.4
    return sheet(np.stack([x, y, z], -1), 0.10 + 0.82 * np.cos(t) ** 2)


def tongue() -> Mesh:
    """A flat ellipsoid on the floor of the mouth; u and v as on a globe."""
    polar, turn = np.meshgrid(np.linspace(0, np.pi, 18), np.linspace(0, 2 * np.pi, 25), indexing="ij")
    direction = np.stack([np.sin(polar) * np.sin(turn), np.sin(polar) * np.cos(turn), -np.cos(polar)], -1)
    points = np.array([0, 0.815, -0.60]) + direction * [0.215, 0.070, 0.245]
    return sheet(points, 0.55 + 0.25 * np.cos(polar))


def ear(identity: Identity, side: int) -> Mesh:
    """An ear with helix, concha and lobe; `side` -1 is the left of the image. The third value is its openness."""
    ring, turn = np.meshgrid(np.linspace(0, 1, 18), np.linspace(0, 2 * np.pi, 41), indexing="ij")
    lobe = np.clip(np.cos(turn), -1, 1)  # 1 at the bottom
    high = 0.30 * (1 - 0.10 * lobe) * np.minimum(ring, 0.93) / 0.93
    wide = (0.165 - 0.045 * np.clip(lobe, 0, 1)) * np.minimum(ring, 0.93) / 0.93
    y = 0.13 + high * np.cos(turn)
    back = np.sin(turn) * wide
    z = 0.06 + back + 0.10 * (y - 0.13) * -0.6
    rim = np.exp(-(((ring - 0.82) / 0.085) ** 2)) * np.clip(1.1 - 0.8 * np.clip(lobe, 0, 1), 0, 1)
    inner = np.exp(-(((ring - 0.50) / 0.10) ** 2)) * (np.sin(turn) > -0.4) * 0.7
    concha = np.exp(-((ring / 0.33) ** 2))
    lift = 0.035 + 0.55 * (back + 0.02) + 0.040 * rim + 0.022 * inner - 0.045 * concha
    lift = np.where(ring > 0.94, lift - 0.09, lift)
    x = side * (0.665 * identity.face_width + lift)
    sky = np.clip(1 - 0.75 * concha - 0.35 * np.exp(-(((ring - 0.66) / 0.07) ** 2)), 0.1, 1)
    points = np.stack([x, y, z], -1)
    return sheet(points[:, ::-1] if side > 0 else points, sky[:, ::-1] if side > 0 else sky)


def neck(identity: Identity) -> tuple[Mesh, Array]:
    """The neck, and per vertex how far it belongs to the shoulders (0 moves with the head, 1 with the body)."""
    rings = np.array(
        [  # y, half width, front depth, back depth
            (0.50, 0.40, 0.25, 0.55), (0.80, 0.44, 0.34, 0.58), (1.00, 0.45, 0.38, 0.56), (1.20, 0.45, 0.36, 0.56),
            (1.40, 0.47, 0.33, 0.58), (1.55, 0.55, 0.33, 0.62), (1.70, 0.78, 0.38, 0.66), (1.90, 1.20, 0.44, 0.70),
        ]
    )  # fmt: skip
    y = np.linspace(0.50, 1.90, 40)
    turn = np.linspace(-np.pi, np.pi, 57)
    half, front, back = (np.interp(y, rings[:, 0], rings[:, n]) for n in (1, 2, 3))
    half = half * identity.neck_width
    s, c = np.sin(turn)[None], np.cos(turn)[None]
    x = half[:, None] * s
    z = 0.10 - np.where(c > 0, front[:, None], back[:, None]) * c
    cords = np.exp(-(((np.abs(turn) - 0.60 + 0.35 * (y[:, None] - 1.0)) / 0.13) ** 2)) * np.exp(
        -(((y[:, None] - 1.35) / 0.35) ** 2)
    )
    throat = np.exp(-((turn[None] / 0.16) ** 2)) * np.exp(-(((y[:, None] - 1.22) / 0.10) ** 2))
    z = z - 0.018 * cords - 0.030 * throat
    points = np.stack([x, np.broadcast_to(y[:, None], x.shape), z], -1)
    shade = np.clip((y - 0.85) / 0.65, 0, 1)[:, None] * 0.55 + 0.40 + 0 * turn[None]
    belongs = np.clip((y - 0.75) / 0.75, 0, 1)
    belongs = np.repeat((belongs * belongs * (3 - 2 * belongs))[:, None], len(turn), 1)
    return sheet(points, shade), belongs.reshape(-1)


def lashes(head: Head, eye: int, identity: Identity) -> tuple[NDArray[np.int64], Array, Mesh]:
    """Upper lashes as a fringe on the lid's margin: the margin's vertices, the outward way of each of three rows
    (3, C, 3), and a mesh whose points are placed as margin + way at every frame."""
    margin = head.lids[eye][1:-1, 0]
    centre = sculpt.eye_centre(identity, -1 if eye == 0 else 1)
    t = np.linspace(0, 1, len(margin))
    length = (0.018 + 0.016 * identity.makeup) * (0.6 + 0.6 * (t if eye == 1 else 1 - t))
    out = head.points[margin] - centre
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    ways = np.stack(
        [
            out * (length * step)[:, None] + np.array([0, -0.35, 0]) * (length * step**2)[:, None]
            for step in (0.0, 0.55, 1.0)
        ]
    )
    points = head.points[margin] + ways
    level = np.array([0.25, 0.60, 0.95])[:, None] + 0 * t[None]
    return margin, ways, sheet(points, level)
