import numpy as np
import pytest
import torch

from bench.errors import BenchError
from model.facevid2vid.geometry import Keypoints, rotation_matrix
from model.facevid2vid.motion import (
    adapted_scale,
    angle_between,
    euler_degrees,
    hull_volume,
    measured_rotation,
    relative_keypoints,
)
from tests.material import GOLDEN, needs

FILE = GOLDEN / "facevid2vid" / "geometry.npz"


def cube(side: float) -> torch.Tensor:
    corners = torch.cartesian_prod(*[torch.tensor([0.0, side])] * 3)
    return torch.cat([corners, torch.full((1, 3), side / 2)])


def test_hull_volume_of_a_cube():
    assert hull_volume(cube(2)) == pytest.approx(8)


def test_scale_goes_with_the_root_of_the_volume():
    assert adapted_scale(cube(2), cube(1)) == pytest.approx(8**0.5)


def test_flat_keypoints_have_no_scale():
    flat = cube(1)
    flat[:, 2] = 0
    with pytest.raises(BenchError, match="one plane"):
        hull_volume(flat)


def test_no_motion_since_the_initial_frame_gives_the_source():
    source, initial = Keypoints(torch.randn(1, 9, 3)), Keypoints(torch.randn(1, 9, 3))
    torch.testing.assert_close(relative_keypoints(initial, initial, source, 1.7).value, source.value)


@pytest.mark.parametrize("legacy", [False, True])
def test_measured_pose_is_the_pose_that_was_applied(legacy):
    generator = torch.Generator().manual_seed(0)
    canonical = torch.randn(15, 3, generator=generator)
    degrees = torch.tensor([[30.0, 10, 0], [-45, 20, -20], [0.5, -12, 9]])
    rotation = rotation_matrix(*degrees.unbind(1), legacy=legacy)
    posed = 1.3 * (canonical @ rotation.mT) + torch.tensor([0.1, -0.2, 0.3])
    measured = euler_degrees(measured_rotation(posed, canonical), legacy=legacy)
    np.testing.assert_allclose(measured, degrees.numpy(), atol=1e-3)


def test_measured_rotation_is_never_a_reflection():
    canonical = torch.randn(15, 3, generator=torch.Generator().manual_seed(1))
    mirrored = canonical * torch.tensor([1.0, 1, -1])
    assert np.linalg.det(measured_rotation(mirrored[None], canonical)) == pytest.approx([1])


def test_angle_between_rotations():
    zero = torch.zeros(2, dtype=torch.float64)
    identity = rotation_matrix(zero, zero, zero).numpy()
    turned = rotation_matrix(torch.tensor([90.0, 0.001], dtype=torch.float64) * np.pi / 3.14, zero, zero).numpy()
    np.testing.assert_allclose(angle_between(identity, turned), [90, 0.001], rtol=1e-9)


@pytest.mark.shared
@needs(FILE)
@pytest.mark.parametrize("relative", [0, 1])
@pytest.mark.parametrize("adapt", [0, 1])
def test_golden_modes(relative, adapt):
    with np.load(FILE) as file:
        stored = {name: torch.from_numpy(file[name]) for name in file.files if name.startswith("normalize_kp")}
    source, initial, driving = (
        Keypoints(stored[f"normalize_kp/kp_{name}"], stored[f"normalize_kp/jac_{name}"])
        for name in ("source", "driving_initial", "driving")
    )
    volumes = [hull_volume(keypoints.value[0]) for keypoints in (source, initial)]
    np.testing.assert_allclose(volumes, stored["normalize_kp/hull_volumes"], rtol=1e-6)
    scale = adapted_scale(source.value[0], initial.value[0]) if adapt else 1.0
    ours = relative_keypoints(driving, initial, source, scale) if relative else driving
    expected = {name: stored[f"normalize_kp/relative{relative}_adapt{adapt}/{name}"] for name in ("value", "jacobian")}
    torch.testing.assert_close(ours.value, expected["value"], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(ours.jacobian, expected["jacobian"], rtol=1e-4, atol=1e-4)
