"""How the face moves: shapes that are added, the jaw that turns, lips and lids that meet exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bench.portraits.body import sculpt
from bench.portraits.body.head import EYE_CORNERS, EYE_ROW, LIP_ROW, MOUTH_CORNER, Head, push_out
from bench.portraits.body.identity import Identity

Array = NDArray[np.float64]
Shape = Literal[
    "wide", "round", "upper_up", "lower_down", "smile", "frown", "press", "tuck", "brow_up", "furrow", "squint"
]
SHAPES: tuple[Shape, ...] = get_args(Shape)
JAW_AXIS = np.array([0.0, 0.15, -0.05])


@dataclass(frozen=True, slots=True)
class Expression:
    """The face at one moment. Shapes, `blink` and `seal` lie in [0, 1]; `jaw`, `gaze_yaw` and `gaze_pitch` are degrees.

    `seal` draws the lips together wherever the jaw holds them: at 1 they touch along their whole length. Gaze has the
    signs of the head's pose. `tongue` raises the tongue's tip towards the teeth.
    """

    jaw: float = 0.0
    seal: float = 0.0
    blink: float = 0.0
    gaze_yaw: float = 0.0
    gaze_pitch: float = 0.0
    tongue: float = 0.0
    shapes: tuple[float, ...] = (0.0,) * len(SHAPES)

    @classmethod
    def of(
        cls,
        *,
        jaw: float = 0.0,
        seal: float = 0.0,
        blink: float = 0.0,
        gaze_yaw: float = 0.0,
        gaze_pitch: float = 0.0,
        tongue: float = 0.0,
        **shapes: float,
    ) -> Expression:
        """With shapes by name."""
        return cls(jaw, seal, blink, gaze_yaw, gaze_pitch, tongue, tuple(shapes.get(name, 0.0) for name in SHAPES))


@dataclass(frozen=True, slots=True, eq=False)
class Rig:
    """A head and what moves it: `shapes` (S, 3 N) displacements, `jaw` (N,) share of the jaw's turn, `close` two
    (N, 3) displacements that shut an eye, and for the lips' seal each vertex's column and its share of the way."""

    head: Head
    shapes: Array
    jaw: Array
    close: tuple[Array, Array]
    column: NDArray[np.int64]
    share: Array
    eyes: tuple[Array, Array]

    def pose(self, expression: Expression) -> tuple[Array, float]:
        """Vertices (N, 3) under an expression, and the gap between the lips at the middle, model units."""
        points = self.head.points + (np.array(expression.shapes) @ self.shapes).reshape(-1, 3)
        points = turn_jaw(points, self.jaw, expression.jaw)
        upper, lower = points[self.head.lips[:, 0]], points[self.head.lips[:, 1]]
        between = lower - upper
        crossed = between[:, 1] < 0
        amount = np.where(crossed, 1.0, np.clip(expression.seal, 0, 1))
        points += self.share[:, None] * (between * amount[:, None])[self.column]
        blink = float(np.clip(expression.blink + 0.012 * max(expression.gaze_pitch, 0.0), -0.2, 1))
        for eye in (0, 1):
            points += blink * self.close[eye]
            push_out(points, self.eyes[eye])
        middle = self.head.lips[len(self.head.lips) // 2]
        return points, float(np.linalg.norm(points[middle[1]] - points[middle[0]]))


def turn_jaw(points: Array, share: Array | float, degrees: float) -> Array:
    """`points` (N, 3) turned about the jaw's axis by `share` of `degrees`; positive opens."""
    angle = np.deg2rad(degrees) * np.asarray(share)
    y, z = points[:, 1] - JAW_AXIS[1], points[:, 2] - JAW_AXIS[2]
    turned = points.copy()
    turned[:, 1] = JAW_AXIS[1] + np.cos(angle) * y - np.sin(angle) * z
    turned[:, 2] = JAW_AXIS[2] + np.sin(angle) * y + np.cos(angle) * z
    return turned


def rig(head: Head, identity: Identity) -> Rig:
    """What moves this head."""
    azimuth, elevation = head.angles[:, 0], head.angles[:, 1]
    share = _seal_shares(head)
    column = np.abs(head.angles[head.lips[:, 0], 0][None, :] - azimuth[:, None]).argmin(axis=1)
    shapes = np.stack([_shape(name, azimuth, elevation, head.side) for name in SHAPES])
    return Rig(
        head=head,
        shapes=np.ascontiguousarray(shapes[:, head.parent].reshape(len(SHAPES), -1)),
        jaw=_jaw_shares(azimuth, elevation, head.side)[head.parent],
        close=(_closing(head, 0)[head.parent], _closing(head, 1)[head.parent]),
        column=column[head.parent],
        share=share[head.parent],
        eyes=(sculpt.eye_centre(identity, -1), sculpt.eye_centre(identity, 1)),
    )


def _smooth(x: Array) -> Array:
    x = np.clip(x, 0, 1)
    return np.asarray(x * x * (3 - 2 * x))


def _bell(x: Array, width: float) -> Array:
    return np.asarray(np.exp(-((x / width) ** 2)))


def _jaw_shares(azimuth: Array, elevation: Array, side: Array) -> Array:
    q = np.abs(azimuth) / MOUTH_CORNER
    band = 0.11 + 0.30 * np.maximum(0, np.abs(azimuth) - MOUTH_CORNER)
    depth = _smooth(np.abs(elevation - LIP_ROW) / band)
    within = np.where(q < 1, 1 - np.clip(q, 0, 1) ** 2.5, 0.0)
    share = 0.5 + 0.5 * side * np.maximum(depth, within)
    back = 1 - _smooth((np.abs(azimuth) - 0.65) / 0.85)
    return np.asarray(share * back)


def _seal_shares(head: Head) -> Array:
    """Upper vertices go 35 % of the gap down, lower ones 65 % up; the share falls off away from the lips' edge."""
    azimuth, distance = head.angles[:, 0], np.abs(head.angles[:, 1] - LIP_ROW)
    fall = 1 - _smooth(distance / 0.17)
    share = np.where(head.side < 0, 0.35, -0.65) * fall
    share = share * (np.abs(azimuth) < MOUTH_CORNER)
    share[head.lips[:, 0]] = 0.35
    share[head.lips[:, 1]] = -0.65
    corners = head.lips[head.lips[:, 0] == head.lips[:, 1], 0]
    share[corners] = 0.0
    return np.asarray(share)


def _closing(head: Head, eye: int) -> Array:
    """Displacement that brings one eye's upper lid onto its lower lid."""
    result = np.zeros_like(head.points)
    lid = head.lids[eye]
    azimuth, elevation = head.angles[:, 0], head.angles[:, 1]
    above = (elevation <= EYE_ROW + 1e-9) & (elevation > EYE_ROW - 0.19)
    own = np.ones(len(azimuth), dtype=bool)
    own[lid[1:-1, 1]] = False
    for upper, lower in lid[1:-1]:
        way = head.points[lower] - head.points[upper]
        members = np.flatnonzero(above & own & (np.abs(azimuth - azimuth[upper]) < 1e-9))
        weight = np.clip(1 - (EYE_ROW - elevation[members]) / 0.19, 0, 1) ** 1.25
        result[members] += weight[:, None] * way
    return result


def _shape(name: Shape, azimuth: Array, elevation: Array, side: Array) -> Array:
    """(N, 3) displacement of one shape at full strength."""
    d, right = elevation - LIP_ROW, np.sign(azimuth)
    q = azimuth / MOUTH_CORNER
    outside = np.maximum(0, np.abs(azimuth) - MOUTH_CORNER)
    about_lips = _bell(d, 0.13) * _bell(outside, 0.16)
    corner = _bell(np.abs(azimuth) - MOUTH_CORNER, 0.13) * _bell(d, 0.13)
    inner = np.clip(1 - np.abs(q) ** 2.5, 0, 1)
    cheek = _bell(np.abs(azimuth) - 0.40, 0.17) * _bell(elevation - 0.22, 0.15)
    brow = _bell(elevation + 0.43, 0.13) * _smooth((0.85 - np.abs(azimuth)) / 0.3)
    zero = np.zeros_like(azimuth)
    if name == "wide":
        return np.stack(
            [0.055 * np.clip(q, -1, 1) * about_lips, zero, 0.022 * np.abs(np.clip(q, -1, 1)) * about_lips], 1
        )
    if name == "round":
        pull = _bell(d, 0.15) * _bell(outside, 0.13)
        forward = _bell(azimuth, 0.22) * _bell(d, 0.12)
        return np.stack([-0.105 * np.clip(q, -1, 1) * pull, 0.02 * side * inner * _bell(d, 0.05), -0.075 * forward], 1)
    if name == "upper_up":
        lift = inner * _bell(d, 0.11) * (side < 0)
        return np.stack([zero, -0.065 * lift, -0.010 * lift], 1)
    if name == "lower_down":
        drop = inner * _bell(d, 0.13) * (side > 0)
        return np.stack([zero, 0.065 * drop, -0.012 * drop], 1)
    if name == "smile":
        return np.stack(
            [
                right * (0.065 * corner * np.abs(np.clip(q, -1, 1)) + 0.022 * cheek),
                -0.065 * corner - 0.045 * cheek,
                0.035 * corner - 0.035 * cheek,
            ],
            1,
        )
    if name == "frown":
        return np.stack([zero, 0.045 * corner, zero], 1)
    if name == "press":
        thin = _bell(d, 0.06) * np.clip(1 - np.abs(q) ** 4, 0, 1)
        return np.stack([zero, -0.16 * d * thin, 0.022 * thin], 1)
    if name == "tuck":
        tuck = inner * _bell(d - 0.02, 0.08) * (side > 0)
        return np.stack([zero, -0.030 * tuck, 0.045 * tuck], 1)
    if name == "brow_up":
        return np.stack([zero, -0.075 * brow, zero], 1)
    if name == "furrow":
        between = _bell(np.abs(azimuth) - 0.13, 0.12) * _bell(elevation + 0.40, 0.11)
        return np.stack([-0.030 * right * between, 0.030 * between, -0.01 * between], 1)
    lower_lid = _bell(np.abs(azimuth) - sum(EYE_CORNERS) / 2, 0.2) * _bell(elevation - EYE_ROW - 0.05, 0.07)
    return np.stack([zero, -0.018 * lower_lid * (elevation > EYE_ROW - 0.001), zero], 1)
