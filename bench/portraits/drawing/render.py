"""A person ready to be rendered, and the frames that come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.portraits.acting.expression import Expression, Rig, rig, turn_jaw
from bench.portraits.acting.pose import Camera, rotation
from bench.portraits.body import anatomy, hair, head, sculpt, skin
from bench.portraits.body.identity import Identity
from bench.portraits.body.landmarks import landmark_vertices
from bench.portraits.drawing import noise, raster, shading, surroundings
from bench.portraits.drawing.mesh import Mesh, Triangles

Array = NDArray[np.float64]
PIVOT = np.array([0.0, 0.30, 0.0])
"""The point of the head that the pose turns about and that `translation` places."""
SHADOW_SIZE = 360
_NO_MASK = np.zeros((0, 0), dtype=np.float32)
_NO_SHADOW = np.zeros((0, 3), dtype=np.int32)
_Place = Callable[[NDArray[np.floating[Any]]], Array]


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Degrees in the convention of `Setting`, and the pivot's place relative to its rest in camera axes."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    translation: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture and its truth.

    `pixels` (H, W, 3) uint8 sRGB; `landmarks` (68, 2), `pupils` (2, 2) pixels; `visible` (68,) whether nothing is in
    front of a landmark; `box` face box x1, y1, x2, y2 in pixels; `mouth` the gap between the lips in millimetres.
    """

    pixels: NDArray[np.uint8]
    landmarks: Array
    pupils: Array
    visible: NDArray[np.bool_]
    box: Array
    mouth: float


class Portrait:
    """One person, sculpted and painted once, rendered at any pose and expression."""

    def __init__(self, identity: Identity, size: int = 256) -> None:
        self.identity = identity
        self.camera = Camera(size, focal=2.85, distance=9.4)
        self.head = head.build(identity)
        self.rig: Rig = rig(self.head, identity)
        self.skin_mesh = Mesh(self.head.points.astype(np.float32), self.head.triangles, self.head.values)
        self.skin = skin.paint(self.head, identity)
        self.landmarks = landmark_vertices(self.head)
        self.scalp = hair.scalp(identity)
        self.curtain = hair.curtain(identity)
        self.bun = hair.bun(identity)
        self.beard = hair.beard(self.head, identity)
        self.beard_solid = _NO_SHADOW if self.beard is None else hair.solid(self.beard[2])
        self.glasses = hair.glasses(identity)
        self.ears = [anatomy.ear(identity, side) for side in (-1, 1)]
        self.neck, self.neck_share = anatomy.neck(identity)
        self.torso = [surroundings.torso(identity), *surroundings.collar(identity)]
        self.cloth = surroundings.cloth(identity)
        self.eye = anatomy.eyeball()
        self.cavity, self.tongue = anatomy.cavity(), anatomy.tongue()
        self.teeth = (anatomy.teeth(upper=True), anatomy.teeth(upper=False))
        self.lashes = [anatomy.lashes(self.head, eye, identity) for eye in (0, 1)]
        rng = np.random.default_rng([identity.seed, 61])
        self.comb = noise.strands(rng, (64, 512), 1.6, 40.0)
        self.scene = surroundings.background(identity, 2 * size)
        self.lights = _lights(identity)
        frame = (0.02, 0.018, 0.017)
        self.people = np.array([identity.skin, identity.hair_colour, identity.eye_colour, frame], dtype=np.float32)
        samples = 2 * size
        self._depth = np.empty((samples, samples), dtype=np.float32)
        self._material = np.empty((samples, samples), dtype=np.int32)
        self._samples = np.zeros((samples, samples, raster.CHANNELS), dtype=np.float32)
        self._shadow = np.empty((SHADOW_SIZE, SHADOW_SIZE), dtype=np.float32)
        self._picture = np.empty((samples, samples, 3), dtype=np.float32)

    def frame(
        self, pose: HeadPose, expression: Expression, *, grain: int = 0, body: tuple[float, float] = (0.0, 0.0)
    ) -> Frame:
        """One frame; `grain` seeds the camera's noise, `body` shifts the shoulders right and down in model units."""
        turn = rotation(pose.yaw, pose.pitch, pose.roll)
        shift = np.array(pose.translation)
        body_shift = np.array([body[0], body[1], 0.0])
        points, gap = self.rig.pose(expression)

        def of_head(model: NDArray[np.floating[Any]]) -> Array:
            return np.asarray((model - PIVOT) @ turn.T + shift)

        def of_body(model: NDArray[np.floating[Any]]) -> Array:
            return np.asarray(model - PIVOT + body_shift)

        skin_points = of_head(points)
        pieces = self._pieces(points, skin_points, expression, of_head, of_body)
        raster.clear(self._depth, self._material)
        axes = self._cast_shadows(pieces)
        for piece in pieces:
            raster.draw(
                self._screen(piece.points),
                piece.values,
                piece.triangles,
                piece.material,
                piece.cull,
                piece.mask,
                1.0,
                self._depth,
                self._material,
                self._samples,
            )
        pixels = self._develop(turn, axes, grain)
        return self._with_truth(pixels, skin_points, gap, expression, of_head)

    def _screen(self, points: Array) -> NDArray[np.float32]:
        return np.concatenate([2 * self.camera.project(points), points[:, 2:]], 1).astype(np.float32)

    def _pieces(
        self,
        points: Array,
        skin_points: Array,
        expression: Expression,
        of_head: _Place,
        of_body: _Place,
    ) -> list[_Piece]:
        """Every mesh where it stands in this frame."""
        pieces: list[_Piece] = []

        def add(
            mesh: Mesh,
            placed: Array,
            material: int,
            *,
            cull: int = 0,
            mask: NDArray[np.float32] = _NO_MASK,
            casts: Triangles = _NO_SHADOW,
        ) -> None:
            pieces.append(_Piece.of(placed, mesh.triangles, mesh.values, material, cull, mask, casts))

        def rigid(mesh: Mesh, material: int, *, casts: bool = False) -> None:
            add(mesh, of_head(mesh.points), material, casts=mesh.triangles if casts else _NO_SHADOW)

        add(self.skin_mesh, skin_points, shading.SKIN, casts=self.head.triangles)
        for ear in self.ears:
            rigid(ear, shading.PLAIN_SKIN, casts=True)
        share = self.neck_share[:, None]
        placed = of_head(self.neck.points) * (1 - share) + of_body(self.neck.points) * share
        add(self.neck, placed, shading.PLAIN_SKIN, cull=-1, casts=self.neck.triangles)
        for part in self.torso:
            add(part, of_body(part.points), shading.CLOTH, casts=part.triangles)
        look = rotation(expression.gaze_yaw, expression.gaze_pitch, 0)
        for side in (-1, 1):
            ball = sculpt.eye_centre(self.identity, side) + sculpt.EYE_RADIUS * (self.eye.points @ look.T)
            add(self.eye, of_head(ball), shading.EYE)
        for margin, ways, mesh in self.lashes:
            add(mesh, of_head((points[margin] + ways).reshape(-1, 3)), shading.LASH, mask=self.comb)
        rigid(self.cavity, shading.CAVITY)
        upper, lower = self.teeth
        rigid(upper, shading.TEETH)
        add(lower, of_head(turn_jaw(lower.points.astype(np.float64), 1.0, expression.jaw)), shading.TEETH)
        tongue = self.tongue.points.astype(np.float64)
        tip = np.clip((-0.60 - tongue[:, 2]) / 0.245, 0, 1) ** 1.5
        tongue += expression.tongue * tip[:, None] * [0, -0.10, -0.02]
        add(self.tongue, of_head(turn_jaw(tongue, 0.85, expression.jaw)), shading.TONGUE)
        for mesh in self.glasses:
            rigid(mesh, shading.FRAME, casts=True)
        if self.bun is not None:
            rigid(self.bun, shading.HAIR, casts=True)
        if self.curtain is not None:
            strands, hangs = self.curtain.mesh.points, self.curtain.hangs[:, None]
            placed = of_head(strands) * (1 - hangs) + of_body(strands) * hangs
            add(self.curtain.mesh, placed, shading.HAIR, mask=self.curtain.mask, casts=self.curtain.solid)
        placed = of_head(self.scalp.mesh.points)
        add(self.scalp.mesh, placed, shading.HAIR, cull=-1, mask=self.scalp.mask, casts=self.scalp.solid)
        if self.beard is not None:
            origin, way, mesh, mask = self.beard
            add(mesh, of_head(points[origin] + way), shading.BEARD, mask=mask, casts=self.beard_solid)
        return pieces

    def _cast_shadows(self, pieces: list[_Piece]) -> NDArray[np.float32]:
        """Fill the shadow map; the rows that take a camera-space point to its column, row and depth."""
        toward = self.lights[0].astype(np.float64)
        across = np.cross([0.0, 1.0, 0.0], toward)
        across /= np.linalg.norm(across)
        down = np.cross(toward, across)
        scale = SHADOW_SIZE / 3.6
        axes = np.zeros((3, 4))
        axes[0, :3], axes[1, :3], axes[2, :3] = across * scale, down * scale, -toward
        axes[:2, 3] = SHADOW_SIZE / 2
        self._shadow[:] = raster.FAR
        for piece in pieces:
            if len(piece.casts):
                placed = (piece.points @ axes[:, :3].T + axes[:, 3]).astype(np.float32)
                raster.draw_depth(placed, piece.casts, self._shadow)
        return axes.astype(np.float32)

    def _develop(self, turn: Array, axes: NDArray[np.float32], grain: int) -> NDArray[np.uint8]:
        size = self.camera.size
        lens = np.array([2 * size * self.camera.focal, size, self.camera.distance, 0.84], dtype=np.float32)
        up = np.stack([turn @ [0, -1, 0], turn @ [0, 1.0, -0.25]]).astype(np.float32)
        shading.shade(
            self._material,
            self._depth,
            self._samples,
            self.scene,
            self.skin.colour,
            self.skin.relief,
            self.cloth,
            self.scalp.mask,
            self.people,
            self.lights,
            lens,
            up,
            self._shadow,
            axes,
            self._picture,
        )
        rng = np.random.default_rng([self.identity.seed, 67, grain])
        noise_field = (1.1 * rng.standard_normal((size, size))).astype(np.float32)
        pixels = np.empty((size, size, 3), dtype=np.uint8)
        shading.shrink(self._picture, 1.0, noise_field, pixels)
        return pixels

    def _with_truth(
        self,
        pixels: NDArray[np.uint8],
        skin_points: Array,
        gap: float,
        expression: Expression,
        of_head: _Place,
    ) -> Frame:
        placed = skin_points[self.landmarks]
        marks = self.camera.project(placed)
        look = rotation(expression.gaze_yaw, expression.gaze_pitch, 0)
        pupils = np.stack(
            [
                sculpt.eye_centre(self.identity, side) + sculpt.EYE_RADIUS * 1.05 * (look @ [0, 0, -1.0])
                for side in (-1, 1)
            ]
        )
        size = self.camera.size
        cell = np.clip((marks * 2).astype(np.int64), 0, 2 * size - 1)
        inside = ((marks >= 0) & (marks < size)).all(axis=1)
        visible = inside & (placed[:, 2] <= self._depth[cell[:, 1], cell[:, 0]] + 0.04)
        low, high = marks.min(axis=0), marks.max(axis=0)
        low[1] -= 0.22 * (high[1] - low[1])
        return Frame(
            pixels, marks, self.camera.project(of_head(pupils)), visible, np.concatenate([low, high]), 100 * gap
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """A placed mesh: `points` (N, 3) camera axes, `values` (N, 6) normal and material values, and the triangles of it
    that throw a shadow."""

    points: Array
    triangles: Triangles
    values: NDArray[np.float32]
    material: int
    cull: int
    mask: NDArray[np.float32]
    casts: Triangles

    @classmethod
    def of(
        cls,
        points: Array,
        triangles: Triangles,
        values: NDArray[np.float32],
        material: int,
        cull: int,
        mask: NDArray[np.float32],
        casts: Triangles,
    ) -> _Piece:
        normals = np.empty((len(points), 3), dtype=np.float32)
        raster.vertex_normals(points.astype(np.float32), triangles, normals)
        return cls(points, triangles, np.concatenate([normals, values], 1), material, cull, mask, casts)


def _lights(identity: Identity) -> NDArray[np.float32]:
    azimuth, height = np.deg2rad([identity.key, identity.key_height])
    key = np.array([np.sin(azimuth) * np.cos(height), -np.sin(height), -np.cos(azimuth) * np.cos(height)])
    rim = np.array([-np.sign(identity.key) * 0.75, -0.45, 0.5])
    warm = identity.key_warmth
    return np.array(
        [
            key,
            np.array([1.0 + 0.10 * warm, 1.0, 1.0 - 0.22 * warm]) * 1.02,
            np.array([0.48 - 0.05 * warm, 0.49, 0.52 + 0.05 * warm]),
            np.array([0.25, 0.22, 0.195]),
            rim / np.linalg.norm(rim),
            np.array([0.75, 0.85, 1.0]) * 0.75,
        ],
        dtype=np.float32,
    )
