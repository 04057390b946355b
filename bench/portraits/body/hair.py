"""Hair and beards as shells of strands, and glasses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.portraits.body import sculpt, skin
from bench.portraits.body.head import Head
from bench.portraits.body.identity import Identity
from bench.portraits.drawing import noise
from bench.portraits.drawing.mesh import Mesh, Triangles, grid, sheet, tube

Array = NDArray[np.float64]
LAYERS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Shells:
    """Hair as one sheet at several heights.

    `mesh` has the layers one after the other; its third value is what the strands' rank in `mask` must exceed.
    `hangs` (N,): share with which a vertex stays with the body instead of the head. `solid` are the triangles dense
    enough to throw a shadow.
    """

    mesh: Mesh
    mask: NDArray[np.float32]
    hangs: Array
    solid: Triangles


def solid(mesh: Mesh) -> Triangles:
    """The triangles of a shell in which more than half of the strands are drawn."""
    return np.ascontiguousarray(mesh.triangles[mesh.values[mesh.triangles, 2].max(axis=1) < 0.45])


def _smooth(x: Array) -> Array:
    x = np.clip(x, 0, 1)
    return np.asarray(x * x * (3 - 2 * x))


def _stack(base: Array, way: Array, need: Array, layers: int, first: float = 0.25) -> Mesh:
    """Layers between `base` + `first` · `way` and `base` + `way`, (R, C, 3); `need` (R, C) is 0 within the hair and
    grows beyond 1 outside it."""
    rows, columns = base.shape[:2]
    points, values, triangles = [], [], []
    for layer in range(layers):
        level = layer / (layers - 1) if layers > 1 else 0.0
        part = sheet(base + way * (first + (1 - first) * level), need + 0.90 * level**1.2)
        points.append(part.points)
        values.append(part.values)
        triangles.append(grid(rows, columns) + layer * rows * columns)
    mesh = Mesh(np.concatenate(points), np.concatenate(triangles), np.concatenate(values))
    shown = mesh.values[mesh.triangles][:, :, 2].min(axis=1) < 1.0
    return Mesh(mesh.points, np.ascontiguousarray(mesh.triangles[shown]), mesh.values)


def hairline(azimuth: Array, identity: Identity) -> Array:
    """Elevation above which hair grows, by azimuth."""
    high = {"buzz": -0.70, "short": -0.69, "swept": -0.72, "curly": -0.66}.get(identity.hair, -0.68)
    side = np.abs(azimuth)
    woman = identity.makeup > 0
    corner = -0.52 if woman else -0.60
    line = np.interp(
        side,
        [0.0, 0.25, 0.50, 0.68, 0.82, 0.95, 1.10, 1.22, 1.34, 1.55, 1.80, 1.95, 2.3, np.pi],
        [high, high, high + 0.05, corner, -0.42, -0.20, 0.00, 0.10, 0.02, -0.14, -0.02, 0.30, 0.55, 0.60],
    )
    return np.asarray(line)


def scalp(identity: Identity) -> Shells:
    """The hair on the skull."""
    rng = np.random.default_rng([identity.seed, 31])
    tilt = 0.62
    polar, turn = np.meshgrid(np.linspace(0.0, 2.25, 80), np.linspace(-np.pi, np.pi, 121), indexing="ij")
    local = np.stack([np.sin(polar) * np.sin(turn), -np.cos(polar), -np.sin(polar) * np.cos(turn)], -1)
    lean = np.array([[1, 0, 0], [0, np.cos(tilt), np.sin(tilt)], [0, -np.sin(tilt), np.cos(tilt)]])
    direction = local @ lean
    parts = sculpt.ellipsoids(identity)
    radius = sculpt.trace(sculpt.MIDDLE, np.ascontiguousarray(direction.reshape(-1, 3)), parts).reshape(polar.shape)
    base = sculpt.MIDDLE + radius[..., None] * direction
    azimuth = np.arctan2(direction[..., 0], -direction[..., 2])
    elevation = np.arcsin(np.clip(direction[..., 1], -1, 1))
    inside = hairline(azimuth, identity) - elevation
    ragged = 0.035 * noise.field(rng, (80, 121), (6, 40))
    need = np.clip(0.62 - (inside + ragged) / 0.10, 0, 3)
    height = _heights(identity, azimuth, elevation, rng)
    edge = _smooth(inside / 0.22)
    up = np.array([0.0, -0.35, 0.10])
    way = (direction + up * (identity.hair in ("short", "swept", "curly"))) * (height * (0.25 + 0.75 * edge))[..., None]
    if identity.hair == "buzz":
        mask = _curls(rng)
    elif identity.hair == "curly":
        bumps = noise.field(rng, (80, 121), (20, 30)) * 0.12 + 1
        way = way * bumps[..., None]
        mask = _curls(rng)
    else:
        mask = noise.strands(rng, (512, 2048), 1.3, 22.0)
        mask = _waver(mask, rng)
    mesh = _stack(base, way, need, LAYERS if identity.hair != "buzz" else 3)
    return Shells(mesh, mask, np.zeros(len(mesh.points)), solid(mesh))


def _heights(identity: Identity, azimuth: Array, elevation: Array, rng: np.random.Generator) -> Array:
    """Thickness of the hair over the skull."""
    front = np.exp(-((azimuth / 0.8) ** 2)) * np.exp(-(((elevation + 0.95) / 0.45) ** 2))
    top = _smooth((-elevation - 0.5) / 0.7)
    volume = identity.hair_volume
    waves = 1 + 0.10 * noise.field(rng, azimuth.shape, (5, 22))
    if identity.hair == "buzz":
        return np.full_like(azimuth, 0.030)
    if identity.hair == "short":
        return np.asarray((0.055 + 0.13 * top + 0.07 * front) * volume * waves)
    if identity.hair == "swept":
        return np.asarray((0.06 + 0.15 * top + 0.14 * front * (1 + 0.4 * np.sign(azimuth))) * volume * waves)
    if identity.hair == "curly":
        return np.asarray((0.20 + 0.14 * top) * volume * waves)
    if identity.hair == "bun":
        return np.asarray((0.055 + 0.03 * top) * waves)
    part = 1 - 0.35 * np.exp(-(((azimuth - 0.25) / 0.10) ** 2)) * _smooth((-elevation - 0.6) / 0.3)
    return np.asarray((0.10 + 0.06 * top) * volume * part * waves)


def _curls(rng: np.random.Generator) -> NDArray[np.float32]:
    mixed = noise.grain(rng, (512, 1024), 3.2) + 0.7 * noise.grain(rng, (512, 1024), 1.3)
    order = np.empty(mixed.size, dtype=np.float32)
    order[mixed.reshape(-1).argsort(kind="stable")] = np.linspace(0, 1, mixed.size, dtype=np.float32)
    return order.reshape(mixed.shape)


def _waver(mask: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Strands that sway sideways a little on their way down."""
    rows, columns = mask.shape
    knots = 14 * noise.field(rng, (rows, 12), (3, 6))
    at, places = np.arange(columns), np.linspace(0, columns - 1, 12)
    sway = np.stack([np.interp(at, places, line) for line in knots]).astype(np.int64)
    return np.asarray(mask[np.arange(rows)[:, None], (at[None] + sway) % columns])


def curtain(identity: Identity) -> Shells | None:
    """Long hair that hangs beside and behind the face."""
    if identity.hair not in ("long", "bob"):
        return None
    rng = np.random.default_rng([identity.seed, 37])
    end = 1.95 if identity.hair == "long" else 0.98
    rows, columns = 70, 91
    t, s = np.meshgrid(np.linspace(0, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    y = -0.75 + (end + 0.75) * t
    face = np.interp(y, [-0.75, -0.45, -0.1, 0.3, 0.7, 1.1, 1.5, 2.0], [0.55, 0.74, 1.02, 1.16, 1.18, 1.12, 1.00, 0.90])
    behind = face + (np.pi - face) * (1 - np.abs(s))
    turn = np.where(s >= 0, behind, -behind)
    half = np.interp(y, [-0.75, -0.4, 0.0, 0.4, 0.8, 1.2, 1.6, 2.0], [0.60, 0.77, 0.84, 0.85, 0.84, 0.84, 0.88, 0.95])
    deep = np.interp(y, [-0.75, -0.4, 0.0, 0.5, 1.0, 1.5, 2.0], [0.80, 1.02, 1.06, 0.98, 0.85, 0.80, 0.80])
    wave = 1 + 0.02 * np.sin(5 * y + 3 * s) + 0.015 * noise.field(rng, (rows, columns), (6, 24))
    inward = 1 - 0.10 * _smooth((t - 0.75) / 0.25) * (identity.hair == "bob")
    volume = (0.94 + 0.06 * identity.hair_volume) * wave * inward
    base = np.stack([half * volume * np.sin(turn), y, 0.06 - deep * volume * np.cos(turn)], -1)
    way = np.stack([np.sin(turn), 0 * y, -np.cos(turn)], -1) * (0.085 * identity.hair_volume)
    ragged = 0.02 * noise.field(rng, (rows, columns), (4, 50))
    front = _smooth((np.abs(turn) - face + ragged) / 0.10)
    ends = _smooth((1 - t + 0.4 * ragged) / 0.10)
    need = np.clip(0.75 - np.minimum(front, ends) * 0.75, 0, 3)
    mask = _waver(noise.strands(rng, (512, 1536), 1.3, 26.0), rng)
    mesh = _stack(base, way, need, 4, 0.3)
    hangs = np.tile(_smooth((y - 0.7) / 1.1).reshape(-1), 4)
    return Shells(mesh, mask, hangs, solid(mesh))


def bun(identity: Identity) -> Mesh | None:
    """A knot of hair on the crown."""
    if identity.hair != "bun":
        return None
    polar, turn = np.meshgrid(np.linspace(0, np.pi, 24), np.linspace(0, 2 * np.pi, 41), indexing="ij")
    swirl = 1 + 0.05 * np.sin(6 * turn + 5 * polar)
    direction = np.stack([np.sin(polar) * np.sin(turn), -np.cos(polar), -np.sin(polar) * np.cos(turn)], -1)
    return sheet(np.array([0, -1.27, 0.22]) + direction * swirl[..., None] * [0.33, 0.27, 0.31], 0.0)


def beard(head: Head, identity: Identity) -> tuple[NDArray[np.int64], Array, Mesh, NDArray[np.float32]] | None:
    """A full beard as shells on the skin: the skin's vertex under each vertex, the way out from it, mesh and mask."""
    if identity.beard != "full":
        return None
    rng = np.random.default_rng([identity.seed, 41])
    height, width = len(head.rows), len(head.columns)
    elevation, azimuth = np.meshgrid(head.rows, head.columns, indexing="ij")
    cover = skin.beard_cover(azimuth.astype(np.float32), elevation.astype(np.float32), identity).astype(np.float64)
    chin = np.exp(-((azimuth / 0.45) ** 2)) * _smooth((elevation - 0.62) / 0.2)
    thick = 0.030 + 0.055 * chin
    triangles = head.triangles
    origin = np.arange(len(head.points))
    full_cover = np.zeros(len(head.points))
    full_thick = np.zeros(len(head.points))
    flat = height * width
    full_cover[:flat], full_thick[:flat] = cover.reshape(-1), thick.reshape(-1)
    normal = head.points - np.array([0, 0.2, 0])
    normal = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    points, values, faces = [], [], []
    layers = 5
    keep = full_cover[triangles].min(axis=1) > 0.02
    for layer in range(layers):
        level = layer / (layers - 1)
        points.append(
            normal * (full_thick * (0.15 + 0.85 * level))[:, None]
            + np.array([0, 0.4, 0]) * (full_thick * level)[:, None]
        )
        need = np.clip(1.15 - 1.15 * full_cover, 0, 2) + 0.25 + 0.65 * level
        values.append(np.concatenate([head.values[:, :2].astype(np.float64), need[:, None]], 1))
        faces.append(triangles[keep] + layer * len(head.points))
    mesh = Mesh(
        np.concatenate(points).astype(np.float32),
        np.ascontiguousarray(np.concatenate(faces), dtype=np.int32),
        np.concatenate(values).astype(np.float32),
    )
    return np.tile(origin, layers), np.concatenate(points), mesh, noise.strands(rng, (1024, 1024), 0.9, 3.5)


def glasses(identity: Identity) -> list[Mesh]:
    """Rims, bridge and temples as tubes."""
    if identity.glasses == "none":
        return []
    parts = []
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    power = 1.0 if identity.glasses == "round" else 0.62
    wide, high = (0.225, 0.205) if identity.glasses == "round" else (0.255, 0.185)
    radius = 0.016 if identity.glasses == "round" else 0.023
    middle = 0.315 * identity.face_width * identity.eye_distance
    for side in (-1, 1):
        x = side * middle + wide * np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power
        y = 0.035 + high * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power
        z = -1.055 + 0.22 * x**2 + 0.10 * (y - 0.03) * 0.3
        parts.append(tube(np.stack([x, y, z], 1), radius, closed=True))
        outer = side * (middle + wide)
        temple = np.stack(
            [
                np.interp(np.linspace(0, 1, 14), [0, 0.25, 0.6, 1], [outer, side * 0.70, side * 0.775, side * 0.775]),
                np.linspace(-0.03, -0.06, 14),
                np.linspace(-0.98, 0.12, 14),
            ],
            1,
        )
        parts.append(tube(temple, 0.020))
    inner = middle - wide
    arc = np.linspace(-1, 1, 10)
    parts.append(tube(np.stack([inner * arc, -0.015 - 0.035 * (1 - arc**2), -1.055 - 0.03 * (1 - arc**2)], 1), radius))
    return parts
