"""The generator: geometry, depth order, closures and determinism. Needs numba, which the extra `dev` brings."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra 'portraits' is not installed")

from bench.portraits import stream
from bench.portraits.acting.expression import Expression
from bench.portraits.body.identity import Identity
from bench.portraits.cast import MEI
from bench.portraits.drawing import raster
from bench.portraits.drawing.render import HeadPose, Portrait

SIZE = 128


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    return Portrait(MEI, SIZE)


def test_positive_angles_mean_what_setting_says(portrait):
    """Nose tip (landmark 30) against the eyes' outer corners (36, 45): left for yaw, down for pitch, clockwise for roll."""

    def marks(**angles: float) -> np.ndarray:
        return portrait.frame(HeadPose(**angles), Expression()).landmarks

    def nose(landmarks: np.ndarray) -> np.ndarray:
        return landmarks[30] - landmarks[[36, 45]].mean(axis=0)

    rest = marks()
    assert nose(marks(yaw=20))[0] < nose(rest)[0] - 4
    assert nose(marks(yaw=-20))[0] > nose(rest)[0] + 4
    assert marks(pitch=15)[30, 1] > rest[30, 1] + 4
    assert marks(pitch=-15)[30, 1] < rest[30, 1] - 4
    turned = marks(roll=15)
    assert np.degrees(np.arctan2(*(turned[45] - turned[36])[::-1])) == pytest.approx(15, abs=1.5)


def test_a_face_turned_left_shows_its_right_of_the_image_side(portrait):
    left = portrait.frame(HeadPose(yaw=45), Expression())
    right = portrait.frame(HeadPose(yaw=-45), Expression())
    assert left.visible[12:16].sum() > left.visible[1:5].sum()
    assert right.visible[1:5].sum() > right.visible[12:16].sum()
    assert left.visible[30]
    assert right.visible[30]


def test_translation_moves_the_head_in_camera_axes(portrait):
    rest = portrait.frame(HeadPose(), Expression()).landmarks
    moved = portrait.frame(HeadPose(translation=(0.2, 0.1, 0.0)), Expression()).landmarks
    assert np.median(moved - rest, axis=0) == pytest.approx(
        [2 * (moved - rest)[:, 1].mean(), (moved - rest)[:, 1].mean()], rel=0.05
    )
    near = portrait.frame(HeadPose(translation=(0, 0, -1.0)), Expression())
    assert np.ptp(near.landmarks[:, 0]) > 1.08 * np.ptp(rest[:, 0])


@pytest.mark.parametrize("jaw", [0.0, 2.0, 6.0, 10.0])
def test_sealed_lips_touch_however_far_the_jaw_drops(portrait, jaw):
    points, gap = portrait.rig.pose(Expression.of(jaw=jaw, seal=1, upper_up=0.4, lower_down=0.6))
    lips = portrait.head.lips
    assert gap == pytest.approx(0, abs=1e-9)
    assert np.abs(points[lips[:, 0]] - points[lips[:, 1]]).max() < 1e-9


def test_the_jaw_opens_the_mouth_and_lips_never_cross(portrait):
    gaps = [portrait.rig.pose(Expression.of(jaw=jaw))[1] for jaw in (0, 2, 4, 8)]
    assert gaps[0] == 0
    assert np.diff(gaps).min() > 0.01
    points, _ = portrait.rig.pose(Expression.of(press=1, tuck=1, round=1))
    lips = portrait.head.lips
    assert (points[lips[:, 1], 1] - points[lips[:, 0], 1]).min() > -1e-9


def test_a_blink_shuts_both_eyes_and_stays_outside_the_eyeball(portrait):
    points, _ = portrait.rig.pose(Expression.of(blink=1))
    rest, _ = portrait.rig.pose(Expression())
    for lid, centre in zip(portrait.head.lids, portrait.rig.eyes, strict=True):
        middle = lid[len(lid) // 2]
        assert rest[middle[1], 1] - rest[middle[0], 1] > 0.06
        assert abs(points[middle[1], 1] - points[middle[0], 1]) < 0.01
        margins = points[lid.reshape(-1)]
        assert np.linalg.norm(margins - centre, axis=1).min() > 0.125


def test_the_same_person_is_rendered_to_the_same_bytes(portrait):
    again = Portrait(MEI, SIZE)
    pose, face = HeadPose(10, -5, 3, (0.1, 0, 0)), Expression.of(jaw=4, smile=0.5, gaze_yaw=8)
    one, two = portrait.frame(pose, face, grain=7), again.frame(pose, face, grain=7)
    assert np.array_equal(one.pixels, two.pixels)
    assert np.array_equal(one.landmarks, two.landmarks)
    other = portrait.frame(pose, face, grain=8)
    assert 0 < np.abs(other.pixels.astype(int) - one.pixels).mean() < 3


def test_a_frame_does_not_depend_on_the_one_before(portrait):
    pose, face = HeadPose(5, 5, 5), Expression.of(jaw=3)
    first = portrait.frame(pose, face).pixels
    portrait.frame(HeadPose(-40, 0, 0), Expression.of(blink=1))
    assert np.array_equal(portrait.frame(pose, face).pixels, first)


def test_people_are_drawn_from_their_seed():
    assert Identity.random(5) == Identity.random(5)
    assert len({(Identity.random(n).skin, Identity.random(n).hair) for n in range(20)}) == 20


def test_the_stream_depends_on_seed_and_number_alone():
    walk = stream.clips(3, frames=2, size=48)
    next(walk)
    second, direct = next(walk), stream.one(3, 1, frames=2, size=48)
    assert np.array_equal(second.pixels, direct.pixels)
    assert np.array_equal(second.truth.landmarks, direct.truth.landmarks)


def buffers(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (
        np.full((size, size), 1e9, np.float32),
        np.zeros((size, size), np.int32),
        np.zeros((size, size, 6), np.float32),
    )


def test_rasteriser_agrees_with_the_obvious_one():
    rng = np.random.default_rng(0)
    size = 24
    screen = np.concatenate([rng.uniform(-4, size + 4, (30, 2)), rng.uniform(1, 5, (30, 1))], 1).astype(np.float32)
    values = rng.normal(size=(30, 6)).astype(np.float32)
    triangles = rng.permutation(30).reshape(10, 3).astype(np.int32)
    depth, material, samples = buffers(size)
    raster.draw(screen, values, triangles, 3, 0, np.zeros((0, 0), np.float32), 0.0, depth, material, samples)
    for row in range(size):
        for column in range(size):
            nearest, value = 1e9, np.zeros(6)
            for corners in triangles:
                system = np.stack([screen[corners, 0], screen[corners, 1], np.ones(3)]).astype(np.float64)
                weights = np.linalg.solve(system, [column + 0.5, row + 0.5, 1])
                z = weights @ screen[corners, 2]
                if (weights >= 0).all() and z < nearest:
                    nearest, value = z, weights @ values[corners]
            assert depth[row, column] == pytest.approx(nearest, rel=1e-4)
            assert samples[row, column] == pytest.approx(value, abs=1e-3)
            assert material[row, column] == (3 if nearest < 1e9 else 0)


def test_culling_keeps_one_side():
    screen = np.array([[1, 1, 1], [1, 9, 1], [9, 1, 1]], dtype=np.float32)
    values, none = np.zeros((3, 6), np.float32), np.zeros((0, 0), np.float32)
    drawn = []
    for cull in (-1, 1):
        depth, material, samples = buffers(10)
        raster.draw(screen, values, np.array([[0, 1, 2]], np.int32), 1, cull, none, 0.0, depth, material, samples)
        drawn.append(bool(material.any()))
    assert drawn == [True, False]
