import numpy as np
import pytest

from bench.portraits.acting.pose import Camera, rotation
from tests.material import SHARED

NOSE = np.array([0.0, 0.1, -1.2])
GOLDEN = SHARED / "golden" / "facevid2vid" / "geometry.npz"


@pytest.mark.shared
@pytest.mark.skipif(not GOLDEN.exists(), reason="the golden geometry is not beside this checkout")
def test_rotation_is_the_public_codes():
    with np.load(GOLDEN) as golden:
        angles, matrices = golden["rotation/angles_deg"], golden["rotation/matrix"]
    for (yaw, pitch, roll), matrix in zip(angles, matrices, strict=True):
        # the public code writes 3.14 for π: half a thousandth of an angle of at most 180 degrees
        assert rotation(yaw, pitch, roll) == pytest.approx(matrix, abs=4e-3)
        assert rotation(*(angle * 3.14 / np.pi for angle in (yaw, pitch, roll))) == pytest.approx(matrix, abs=1e-6)


def test_rotation_is_a_rotation():
    for angles in [(0, 0, 0), (30, 10, 0), (-50, 20, 15)]:
        turn = rotation(*angles)
        assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-12)
        assert np.linalg.det(turn) == pytest.approx(1)


def test_known_matrix():
    half = np.sqrt(0.5)
    assert rotation(90, 0, 0) @ [0, 0, -1] == pytest.approx([-1, 0, 0])
    assert rotation(0, 45, 0) @ [0, 0, -1] == pytest.approx([0, half, -half])
    assert rotation(0, 0, 90) @ [1, 0, 0] == pytest.approx([0, 1, 0])


@pytest.mark.parametrize(
    ("angles", "axis", "sign"),
    [((20, 0, 0), 0, -1), ((-20, 0, 0), 0, 1), ((0, 15, 0), 1, 1), ((0, -15, 0), 1, -1)],
    ids=["yaw moves the nose left", "negative yaw right", "pitch moves it down", "negative pitch up"],
)
def test_sign_of_yaw_and_pitch_in_the_picture(angles, axis, sign):
    camera = Camera()
    moved = camera.project(rotation(*angles) @ NOSE) - camera.project(NOSE)
    assert sign * moved[axis] > 10


def test_positive_roll_turns_clockwise_in_the_picture():
    camera = Camera()
    left, right = (camera.project(rotation(0, 0, 20) @ [x, 0, -0.9]) for x in (-0.3, 0.3))
    assert right[1] > left[1] + 10


def test_camera_centre_and_scale():
    camera = Camera(size=100, focal=2.0, distance=4.0)
    assert camera.project(np.zeros(3)) == pytest.approx([50, 50])
    assert camera.project(np.array([1.0, -1.0, 0.0])) == pytest.approx([100, 0])
    assert camera.project(np.array([1.0, 0.0, 4.0])) == pytest.approx([75, 50])
