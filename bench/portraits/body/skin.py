"""The skin's texture: colour and fine relief over the head's grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from bench.portraits.body.head import EYE_CORNERS, EYE_ROW, LIP_ROW, MOUTH_CORNER, Head, lip_heights
from bench.portraits.body.identity import Identity
from bench.portraits.drawing import noise

Field = NDArray[np.floating[Any]]
SIZE = (768, 896)


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """`colour` (H, W, 4): linear red, green, blue and gloss; `relief` (H, W) height in texels."""

    colour: Field
    relief: Field


def _bell(x: Field, width: float) -> Field:
    return np.asarray(np.exp(-((x / width) ** 2)), dtype=np.float32)


def _step(x: Field) -> Field:
    x = np.clip(x, 0, 1)
    return np.asarray(x * x * (3 - 2 * x), dtype=np.float32)


def paint(head: Head, identity: Identity) -> Skin:
    """The texture of one person's head."""
    rng = np.random.default_rng([identity.seed, 23])
    height, width = SIZE
    rows = np.interp(np.linspace(0, len(head.rows) - 1, height), np.arange(len(head.rows)), head.rows)
    columns = np.interp(np.linspace(0, len(head.columns) - 1, width), np.arange(len(head.columns)), head.columns)
    e, a = (x.astype(np.float32) for x in np.meshgrid(rows, columns, indexing="ij"))
    side = np.abs(a)
    colour = np.empty((height, width, 3), dtype=np.float32)
    colour[:] = identity.skin
    mottle, blotch = noise.clouds(rng, SIZE, 26), noise.clouds(rng, SIZE, 6, 3)
    pores = noise.grain(rng, SIZE, 0.9)
    fair = float(np.mean(identity.skin))
    tone = np.exp(0.035 * mottle + 0.030 * blotch + (0.030 + 0.03 * identity.age) * pores)
    colour *= tone[..., None]
    red = 0.5 * _bell(side - 0.42, 0.20) * _bell(e - 0.22, 0.16) + 0.55 * _bell(a, 0.12) * _bell(e - 0.22, 0.09)
    red = red + 0.3 * _bell(a, 0.2) * _bell(e - 0.80, 0.08) + 0.10 * blotch
    red = red + identity.makeup * 0.5 * _bell(side - 0.50, 0.18) * _bell(e - 0.16, 0.12)
    colour *= np.exp(red[..., None] * np.array([0.10, -0.20, -0.17], dtype=np.float32) * (0.45 + 0.8 * fair))
    under_eye = _bell(side - 0.33, 0.13) * _bell(e + 0.07, 0.05)
    colour *= 1 - under_eye[..., None] * np.array([0.10, 0.17, 0.12], dtype=np.float32) * (0.6 + 0.8 * identity.age)
    relief = 0.20 * pores + 0.25 * noise.grain(rng, SIZE, 2.2)
    gloss = 0.42 + 0.08 * mottle + 0.25 * _bell(a, 0.10) * (e < 0.3) * (e > -0.6) - 0.08 * pores
    gloss = gloss + 0.12 * _bell(a, 0.4) * _bell(e + 0.6, 0.2)
    _freckles(rng, colour, side, e, identity)
    _lines(rng, colour, relief, a, e, identity)
    _lips(rng, colour, relief, gloss, a, e, identity)
    _eyes(colour, side, e, identity)
    _brows(rng, colour, relief, a, e, identity)
    _stubble(rng, colour, a, e, identity)
    nostril = _bell(side - 0.062, 0.030) * _bell(e - 0.283, 0.020)
    colour *= 1 - 0.88 * np.clip(1.25 * nostril, 0, 1)[..., None]
    packed = np.concatenate([np.clip(colour, 0.002, 0.95), np.clip(gloss, 0.05, 1.2)[..., None]], -1)
    return Skin(np.ascontiguousarray(packed, dtype=np.float32), np.ascontiguousarray(relief, dtype=np.float32))


def _freckles(rng: np.random.Generator, colour: Field, side: Field, e: Field, identity: Identity) -> None:
    spots = np.maximum(noise.grain(rng, SIZE, 1.8) - 1.75, 0) + np.maximum(noise.grain(rng, SIZE, 2.8) - 2.1, 0)
    where = 0.12 + identity.freckles * 1.7 * _bell(side - 0.25, 0.33) * _bell(e - 0.1, 0.22)
    depth = np.clip(spots * where, 0, 1)[..., None]
    colour *= 1 - depth * np.array([0.42, 0.62, 0.70], dtype=np.float32)


def _lines(rng: np.random.Generator, colour: Field, relief: Field, a: Field, e: Field, identity: Identity) -> None:
    """Folds from nose to mouth, lines on the forehead and at the eyes; deeper with age."""
    side, age = np.abs(a), identity.age
    bend = 0.02 * noise.field(rng, SIZE, (3, 6))
    course = 0.155 + 0.45 * np.maximum(e - 0.24, 0)
    fold = _bell(side - course, 0.018) * _step((e - 0.22) / 0.06) * _step((0.46 - e) / 0.08)
    forehead = np.zeros_like(e)
    for row in (0.60, 0.68, 0.76):
        forehead = forehead + _bell(e + row + bend, 0.008)
    forehead = forehead * _step((0.5 - side) / 0.2)
    crow = _bell(np.sin((e - EYE_ROW) * 75) - 0.9, 0.35) * _bell(side - 0.66, 0.07) * _bell(e - EYE_ROW, 0.09)
    depth = (0.25 + 0.6 * age) * fold + age * (0.5 * forehead + 0.5 * crow)
    relief -= 2.2 * depth
    colour *= 1 - np.clip(0.20 * depth, 0, 0.5)[..., None] * np.array([0.8, 1.0, 1.0], dtype=np.float32)


def _lips(
    rng: np.random.Generator, colour: Field, relief: Field, gloss: Field, a: Field, e: Field, identity: Identity
) -> None:
    upper, lower = lip_heights(a.astype(np.float64), identity)
    d = e - LIP_ROW
    edge = np.maximum(0.003, 0.006 + 0.002 * noise.field(rng, SIZE, (20, 60)))
    q = np.abs(a) / MOUTH_CORNER
    top = _step(((upper - (-d)) / edge + 1) / 2) * (d <= 0)
    bottom = _step(((lower - d) / edge + 1) / 2) * (d > 0)
    lips = (top + bottom) * _step((1.02 - q) / 0.06)
    wrinkle = noise.grain(rng, SIZE, 0.8) * 0.6 + noise.strands(rng, SIZE, 1.2, 5.0) - 0.5
    tint = np.array(identity.lip_colour, dtype=np.float32) * np.exp(0.16 * wrinkle)[..., None]
    tint = tint * np.where(d <= 0, 0.86, 1.0)[..., None]
    strength = (0.80 + 0.18 * identity.makeup) * lips[..., None]
    colour *= 1 - strength
    colour += strength * tint
    inner = _bell(d, 0.012) * (q < 1.03)
    colour *= 1 - 0.45 * inner[..., None]
    gloss += lips * (0.35 + 0.5 * identity.makeup)
    relief += lips * 0.9 * wrinkle


def _eyes(colour: Field, side: Field, e: Field, identity: Identity) -> None:
    """The lids' red rims, the lash line, the fold above the upper lid and eye shadow."""
    t = (side - EYE_CORNERS[0]) / (EYE_CORNERS[1] - EYE_CORNERS[0])
    within = _step((t + 0.06) / 0.06) * _step((1.10 - t) / 0.10)
    d = e - EYE_ROW
    lash = _bell(d + 0.004, 0.013) * within * (d < 0.004)
    lower_lash = _bell(d - 0.010, 0.010) * within * 0.35
    crease = _bell(d + 0.085 + 0.02 * (t - 0.5) ** 2, 0.014) * within * 0.45
    shadow = _step((0.18 - np.abs(d + 0.09)) / 0.12) * within * identity.makeup * 0.35
    lines = (0.80 + 0.12 * identity.makeup) * lash + lower_lash * (0.5 + identity.makeup)
    dark = np.clip(lines + crease + shadow, 0, 0.95)
    colour *= 1 - dark[..., None] * np.array([0.92, 1.0, 1.0], dtype=np.float32)
    tear = _bell(t + 0.02, 0.05) * _bell(d, 0.02)
    colour += tear[..., None] * (np.array([0.45, 0.16, 0.14], dtype=np.float32) - colour) * 0.6


def brow_cover(a: Field, e: Field, identity: Identity) -> Field:
    """Where eyebrows grow, [0, 1]."""
    t = (np.abs(a) - 0.115) / 0.47
    arch = -0.410 - 0.055 * np.sin(np.pi * np.clip(t, 0, 1) ** 1.25 * 0.9) + 0.045 * np.clip(t - 0.62, 0, 1) * 2
    thick = 0.040 * identity.brows * (1.15 - 0.75 * np.clip(t, 0, 1) ** 1.5)
    return np.asarray(
        _step(1.25 - np.abs(e - arch) / thick) * _step(t / 0.12) * _step((1 - t) / 0.25), dtype=np.float32
    )


def _brows(rng: np.random.Generator, colour: Field, relief: Field, a: Field, e: Field, identity: Identity) -> None:
    cover = brow_cover(a, e, identity)
    hairs = noise.strands(rng, (SIZE[1], SIZE[0]), 0.75, 4.5).T
    half = SIZE[1] // 2
    slanted = np.concatenate([_shear(hairs[:, :half], 0.35), _shear(hairs[:, half:], -0.35)], 1)
    strength = np.clip((cover - 0.80 * (1 - slanted)) * 3.0, 0, 1) * 0.90 + 0.28 * cover
    strength = np.clip(strength, 0, 0.94)[..., None]
    tone = np.array(identity.hair_colour, dtype=np.float32) * 0.65
    colour *= 1 - strength
    colour += strength * tone * (0.6 + 0.8 * slanted[..., None])
    relief += 0.8 * cover * (slanted - 0.5)


def _shear(block: Field, slope: float) -> Field:
    """Rows of `block` moved so that horizontal streaks slant."""
    shifted = np.empty_like(block)
    for column in range(block.shape[1]):
        shifted[:, column] = np.roll(block[:, column], int(slope * column))
    return shifted


def beard_cover(a: Field, e: Field, identity: Identity) -> Field:
    """Where a beard grows, [0, 1]: moustache, chin, jaw, up to the sideburns."""
    side = np.abs(a)
    upper, lower = lip_heights(a.astype(np.float64), identity)
    line = np.interp(
        side, [0, 0.16, 0.24, 0.36, 0.60, 0.95, 1.15, 1.30], [0.36, 0.36, 0.40, 0.47, 0.40, 0.22, -0.10, -0.20]
    )
    cover = _step((e - line) / 0.06) * _step((1.42 - side) / 0.15)
    d = e - LIP_ROW
    bare = (-d < upper + 0.012) & (d < lower + 0.012) & (side < MOUTH_CORNER * 1.04)
    soul = _bell(side - 0.10, 0.05) * _bell(d - lower - 0.03, 0.025) * 0.6
    soft = ndimage.gaussian_filter((~bare).astype(np.float32), 3)
    return np.asarray(np.clip(cover - soul, 0, 1) * soft, dtype=np.float32)


def _stubble(rng: np.random.Generator, colour: Field, a: Field, e: Field, identity: Identity) -> None:
    if identity.beard == "none":
        return
    cover = beard_cover(a, e, identity)
    dots = np.clip(noise.grain(rng, SIZE, 0.7) * 0.8 + 0.3, 0, 1)
    strength = 0.62 if identity.beard == "stubble" else 0.85
    amount = (cover * (0.35 + 0.65 * dots) * strength)[..., None]
    colour *= 1 - amount
    colour += amount * np.array(identity.hair_colour, dtype=np.float32) * 0.8
