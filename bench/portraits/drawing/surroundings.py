"""Shoulders and clothes, and the room behind."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from bench.portraits.body.identity import Identity
from bench.portraits.drawing import noise
from bench.portraits.drawing.mesh import Mesh, sheet

Array = NDArray[np.float64]
Field = NDArray[np.floating[Any]]


def torso(identity: Identity) -> Mesh:
    """Shoulders and chest in the body's axes; the third value is openness to the sky."""
    table = np.array(
        [  # y, half width, depth to the front, to the back
            (1.40, 0.52, 0.38, 0.66),
            (1.50, 0.66, 0.44, 0.68),
            (1.60, 0.90, 0.50, 0.70),
            (1.70, 1.20, 0.56, 0.70),
            (1.82, 1.47, 0.62, 0.70),
            (1.98, 1.66, 0.68, 0.70),
            (2.25, 1.78, 0.76, 0.72),
            (3.00, 1.84, 0.90, 0.75),
        ]
    )
    broad = 0.9 if identity.makeup > 0 else 1.02
    along = np.linspace(0, 1, 56) ** 1.3
    y = table[0, 0] + along * (table[-1, 0] - table[0, 0])
    half, front, back = (np.interp(y, table[:, 0], table[:, n]) for n in (1, 2, 3))
    half = half[0] + (half - half[0]) * broad
    turn = np.linspace(-np.pi, np.pi, 81)
    s, c = np.sin(turn)[None], np.cos(turn)[None]
    x = half[:, None] * np.sign(s) * np.abs(s) ** 0.9
    z = 0.12 - np.where(c > 0, front[:, None], back[:, None]) * np.sign(c) * np.abs(c) ** 0.8
    dip = 0.20 if identity.clothes == "shirt" else 0.13
    low = dip * np.exp(-((turn[None] / 0.55) ** 2)) * np.clip(1 - (y[:, None] - 1.4) / 0.8, 0, 1)
    rng = np.random.default_rng([identity.seed, 43])
    folds = 0.020 * noise.field(rng, (56, 81), (9, 12)) * np.clip((y[:, None] - 1.5) / 0.4, 0, 1)
    points = np.stack([x, y[:, None] + low + 0.04 * (np.abs(s) ** 3), z - folds], -1)
    sky = np.clip(0.55 + 0.45 * (y[:, None] - 1.4) / 0.35, 0, 1) + 0 * x
    return sheet(points, sky)


def collar(identity: Identity) -> list[Mesh]:
    """What closes the garment at the neck."""
    turn = np.linspace(-np.pi, np.pi, 73)
    dip = 0.20 if identity.clothes == "shirt" else 0.13
    rest = 1.395 + dip * np.exp(-((turn / 0.55) ** 2))
    depth = np.where(np.cos(turn) > 0, 0.40, 0.67)
    ring = np.stack([0.525 * np.sin(turn), rest, 0.12 - depth * np.cos(turn)], -1)
    if identity.clothes == "shirt":
        flaps = []
        for side in (-1, 1):
            t = np.linspace(0.10, np.pi, 40)
            base = np.stack(
                [
                    0.535 * np.sin(t),
                    1.40 + 0.20 * np.exp(-((t / 0.55) ** 2)),
                    0.12 - np.where(np.cos(t) > 0, 0.42, 0.68) * np.cos(t),
                ],
                -1,
            )
            up = np.stack([-0.035 * np.sin(t), -0.13 + 0 * t, 0.03 * np.cos(t)], -1)
            fall = 0.17 + 0.12 * np.exp(-((t - 0.45) ** 2) / 0.10)
            out = np.stack([0.16 * np.sin(t) + 0.10 * np.exp(-((t - 0.35) ** 2) / 0.08), fall, -0.13 * np.cos(t)], -1)
            rows = np.stack(
                [base + 0.25 * up, base + up, base + up + [0, 0, -0.01], base + up * 0.6 + 0.5 * out, base + up + out]
            )
            rows[..., 0] *= side
            flaps.append(sheet(rows if side > 0 else rows[:, ::-1], 0.9))
        return flaps
    height = {"tee": 0.035, "striped": 0.035, "knit": 0.075}[identity.clothes]
    around = np.linspace(0, 2 * np.pi, 11)
    out = np.stack([np.sin(turn), 0 * turn, -np.cos(turn)], -1)
    tubes = ring[None] + height * (
        np.sin(around)[:, None, None] * np.array([0, 1.15, 0]) + 0.8 * np.cos(around)[:, None, None] * out[None]
    )
    return [sheet(tubes, 0.95)]


def cloth(identity: Identity) -> Field:
    """(H, W, 4) linear colour and relief of the fabric over the torso's (u, v)."""
    rng = np.random.default_rng([identity.seed, 47])
    shape = (512, 1024)
    v, u = np.meshgrid(np.linspace(0, 1, shape[0]), np.linspace(0, 1, shape[1]), indexing="ij")
    main, second = (np.array(c, dtype=np.float32) for c in (identity.cloth_colour, identity.second_colour))
    fine = noise.grain(rng, shape, 0.8)
    broad = noise.clouds(rng, shape, 10, 3)
    mix = np.zeros(shape, dtype=np.float32)
    relief = 0.3 * fine
    if identity.clothes == "striped":
        mix = (np.sin(v * 2 * np.pi * 15) > 0.25).astype(np.float32)
    elif identity.clothes == "shirt":
        lines = np.maximum(np.sin(u * 2 * np.pi * 60), np.sin(v * 2 * np.pi * 26) - 0.1)
        mix = np.clip((lines - 0.80) * 6, 0, 0.75).astype(np.float32)
    elif identity.clothes == "knit":
        rows = np.sin(v * 2 * np.pi * 62 + 0.9 * np.abs(np.sin(u * np.pi * 130)) * 2)
        relief = (relief + 0.9 * rows * np.abs(np.sin(u * np.pi * 130))).astype(np.float32)
        mix = np.clip(0.22 - 0.22 * rows, 0, 1).astype(np.float32) * 0.5
    colour = main * (1 - mix[..., None]) + second * mix[..., None]
    colour = colour * np.exp(0.07 * fine + 0.06 * broad)[..., None]
    if identity.clothes in ("tee", "knit", "shirt"):
        placket = (np.abs(u - 0.5) < 0.004) & (identity.clothes == "shirt")
        colour = colour * np.where(placket, 0.6, 1.0)[..., None]
    return np.ascontiguousarray(np.concatenate([np.clip(colour, 0.003, 0.9), relief[..., None]], -1), dtype=np.float32)


def background(identity: Identity, size: int) -> Field:
    """(size, size, 3) linear picture of what is behind, a little out of focus."""
    rng = np.random.default_rng([identity.seed, 53])
    v, u = np.meshgrid(
        np.linspace(0, 1, size, dtype=np.float32), np.linspace(0, 1, size, dtype=np.float32), indexing="ij"
    )
    painter = {"bookshelf": _bookshelf, "wall": _wall, "bokeh": _bokeh, "window": _window, "panels": _panels}
    picture = painter[identity.background](rng, u, v)
    falloff = 1.12 - 0.55 * ((u - 0.5 - 0.3 * np.sign(identity.key)) ** 2 + (v - 0.35) ** 2)
    blur = size / 256 * (2.6 if identity.background in ("bookshelf", "window") else 1.2)
    picture = ndimage.gaussian_filter(picture * falloff[..., None], (blur, blur, 0), mode="nearest")
    texture = noise.grain(rng, (size, size), 0.9 * size / 256) * 0.030 + noise.clouds(rng, (size, size), 24) * 0.018
    return np.ascontiguousarray(np.clip(picture * np.exp(texture)[..., None], 0.002, 1.2), dtype=np.float32)


def _tint(rng: np.random.Generator, low: float, high: float) -> Field:
    return rng.uniform(low, high, 3).astype(np.float32)


def _bookshelf(rng: np.random.Generator, u: Field, v: Field) -> Field:
    size = u.shape[0]
    picture = np.empty((*u.shape, 3), dtype=np.float32)
    picture[:] = np.array([0.10, 0.055, 0.03]) * (1 + 0.12 * noise.field(rng, u.shape, (4, 90)))[..., None]
    shelves = [0.0, 0.27, 0.54, 0.81, 1.08]
    for top, bottom in pairwise(shelves):
        x = -0.02
        while x < 1.02:
            width = rng.uniform(0.018, 0.055)
            high = rng.uniform(0.62, 0.93)
            lean = rng.uniform(-0.01, 0.01)
            y0, y1 = bottom - 0.03 - (bottom - top - 0.03) * high, bottom - 0.03
            hue = np.array(
                [
                    [0.32, 0.05, 0.04],
                    [0.04, 0.10, 0.24],
                    [0.06, 0.17, 0.09],
                    [0.42, 0.33, 0.18],
                    [0.10, 0.10, 0.11],
                    [0.50, 0.47, 0.40],
                    [0.30, 0.16, 0.05],
                    [0.20, 0.08, 0.20],
                ]
            )[int(rng.integers(8))]
            hue = hue * rng.uniform(0.6, 1.3)
            inside = (u > x) & (u < x + width - 0.002) & (v > y0) & (v < y1)
            shade = 1 - 0.6 * ((u - x - width / 2 + lean * v) / width * 2) ** 2
            picture[inside] = (hue * shade[..., None])[inside]
            band = inside & (np.abs(v - y0 - rng.uniform(0.03, 0.08)) < 0.006)
            picture[band] = np.array([0.5, 0.42, 0.2])
            x += width
        edge = (v > bottom - 0.03) & (v < bottom)
        picture[edge] = (
            np.array([0.20, 0.11, 0.055]) * (1 + 0.15 * noise.field(rng, (size, size), (90, 6)))[edge][:, None]
        )
    return picture * 0.85


def _wall(rng: np.random.Generator, u: Field, v: Field) -> Field:
    tone = _tint(rng, 0.18, 0.46)
    plaster = noise.clouds(rng, u.shape, 8, 5)
    picture = tone * np.exp(0.07 * plaster)[..., None]
    x, y, w, h = 0.70, 0.05, 0.34, 0.36
    frame = (np.abs(u - x - w / 2) < w / 2) & (np.abs(v - y - h / 2) < h / 2)
    inner = (np.abs(u - x - w / 2) < w / 2 - 0.025) & (np.abs(v - y - h / 2) < h / 2 - 0.025)
    art = noise.clouds(rng, u.shape, 7, 4)
    picture[frame] = np.array([0.05, 0.03, 0.02])
    first, second = _tint(rng, 0.05, 0.6), _tint(rng, 0.05, 0.6)
    mix = 1 / (1 + np.exp(-3 * art))
    picture[inner] = (first * mix[..., None] + second * (1 - mix[..., None]))[inner]
    return np.asarray(picture, dtype=np.float32)


def _bokeh(rng: np.random.Generator, u: Field, v: Field) -> Field:
    base, top = _tint(rng, 0.01, 0.07), _tint(rng, 0.04, 0.16)
    picture = base * v[..., None] + top * (1 - v[..., None])
    picture = picture * np.exp(0.35 * noise.clouds(rng, u.shape, 5, 3))[..., None]
    for _ in range(46):
        x, y, radius = rng.uniform(0, 1), rng.uniform(0, 0.9), rng.uniform(0.012, 0.045)
        hue = np.array([[1.0, 0.62, 0.25], [0.9, 0.35, 0.15], [0.35, 0.6, 1.0], [1.0, 0.9, 0.7], [0.4, 0.9, 0.5]])[
            int(rng.integers(5))
        ]
        d = np.hypot(u - x, v - y) / radius
        disc = np.clip((1 - d) * 12, 0, 1) * (0.65 + 0.35 * np.clip(d, 0, 1) ** 4)
        picture = picture + disc[..., None] * hue * rng.uniform(0.08, 0.40)
    return np.asarray(np.clip(picture, 0, 1), dtype=np.float32)


def _window(rng: np.random.Generator, u: Field, v: Field) -> Field:
    wall = _tint(rng, 0.10, 0.25) * np.exp(0.05 * noise.clouds(rng, u.shape, 10))[..., None]
    sky = np.array([0.55, 0.70, 0.90]) * (1 - v[..., None]) + np.array([0.85, 0.82, 0.72]) * v[..., None]
    leaves = noise.clouds(rng, u.shape, 16, 4)
    green = np.array([0.10, 0.20, 0.05]) * np.exp(0.6 * noise.clouds(rng, u.shape, 34, 3))[..., None]
    outside = np.where((leaves + 3.2 * (v - 0.42) > 0)[..., None], green, sky * 0.9)
    left = -0.05
    pane = (u > left) & (u < left + 0.62) & (v < 0.80)
    bars = (
        (np.abs(u - left - 0.31) < 0.012)
        | (np.abs(v - 0.36) < 0.012)
        | (np.abs(u - left - 0.62) < 0.02)
        | (np.abs(v - 0.80) < 0.02)
    )
    picture = np.where(pane[..., None], outside, wall)
    sill = bars & (u < left + 0.64) & (v < 0.83)
    picture = np.where(sill[..., None], np.array([0.55, 0.53, 0.50]), picture)
    curtain = u > 0.72
    folds = 0.75 + 0.25 * np.sin(u * 110 + 2.0 * np.sin(v * 5))
    picture = np.where(curtain[..., None], _tint(rng, 0.2, 0.5) * folds[..., None], picture)
    return np.asarray(picture, dtype=np.float32)


def _panels(rng: np.random.Generator, u: Field, v: Field) -> Field:
    tone = np.array([0.22, 0.13, 0.07]) * rng.uniform(0.6, 1.5)
    board = np.floor(u * 9)
    hue = rng.uniform(0.75, 1.25, 10)[np.clip(board, 0, 9).astype(np.int64)]
    wood = noise.field(rng, u.shape, (5, 220)) * 0.10 + noise.field(rng, u.shape, (12, 60)) * 0.08
    gap = 1 - 0.65 * (np.abs((u * 9) % 1 - 0.5) > 0.475)
    return np.asarray(tone * (hue * np.exp(wood) * gap)[..., None], dtype=np.float32)
