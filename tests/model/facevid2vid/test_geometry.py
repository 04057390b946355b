import numpy as np
import pytest
import torch

from model.facevid2vid.geometry import (
    Keypoints,
    coordinate_grid,
    degrees_from_bins,
    expectation,
    gaussians,
    rotation_matrix,
    sample_volume,
    sparse_motions,
    transform_keypoints,
    warp,
)
from tests.material import GOLDEN, needs

FILE = GOLDEN / "facevid2vid" / "geometry.npz"
golden = [pytest.mark.shared, needs(FILE)]


def load() -> dict[str, torch.Tensor]:
    with np.load(FILE) as file:
        return {name: torch.from_numpy(file[name]) for name in file.files}


def assert_close(ours, theirs, absolute=2e-6):
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=absolute)


def test_even_bins_lie_one_and_a_half_degrees_below_zero():
    assert degrees_from_bins(torch.zeros(1, 66)).item() == pytest.approx(-1.5, abs=1e-4)


@pytest.mark.parametrize(("bin_", "degrees"), [(0, -99), (33, 0), (65, 96)])
def test_a_certain_bin_is_three_degrees_wide(bin_, degrees):
    logits = torch.full((1, 66), -1e4)
    logits[0, bin_] = 0
    assert degrees_from_bins(logits).item() == pytest.approx(degrees, abs=1e-4)


@pytest.mark.parametrize("legacy", [False, True])
def test_rotations_are_rotations(legacy):
    angles = torch.linspace(-170, 170, 30, dtype=torch.float64).view(3, 10)
    matrix = rotation_matrix(*angles, legacy=legacy)
    torch.testing.assert_close(matrix @ matrix.mT, torch.eye(3, dtype=torch.float64).expand(10, 3, 3))
    torch.testing.assert_close(torch.linalg.det(matrix), torch.ones(10, dtype=torch.float64))


def test_positive_yaw_takes_the_viewing_axis_towards_x():
    zero = torch.zeros(1)
    turned = rotation_matrix(torch.tensor([30.0]), zero, zero) @ torch.tensor([0.0, 0.0, 1.0])
    assert turned[0, 0] == pytest.approx(0.5, abs=1e-3)


def test_expectation_of_a_single_voxel_is_its_place():
    heatmap = torch.zeros(1, 1, 4, 5, 6)
    heatmap[0, 0, 3, 0, 2] = 1
    assert_close(expectation(heatmap), coordinate_grid((4, 5, 6), heatmap)[3, 0, 2].view(1, 1, 3))


def test_a_gaussian_is_that_of_the_distance():
    point = torch.tensor([[[0.1, -0.2, 0.3]]])
    distance = (coordinate_grid((4, 6, 5), point) - point[0, 0]).square().sum(-1)
    assert_close(gaussians(point, (4, 6, 5), 0.3)[0, 0], torch.exp(-distance / 0.6))


def test_sampling_leaves_zero_outside():
    volume = torch.ones(1, 1, 4, 4, 4)
    assert sample_volume(volume, torch.full((1, 1, 1, 1, 3), 3.0)).item() == 0


@pytest.mark.parametrize(("name", "legacy"), [("matrix", False), ("matrix_beta", True)])
class TestGoldenRotation:
    pytestmark = golden

    def test_agrees(self, name, legacy):
        stored = load()
        yaw, pitch, roll = stored["rotation/angles_deg"].unbind(1)
        assert_close(rotation_matrix(yaw, pitch, roll, legacy=legacy), stored[f"rotation/{name}"])


class TestGolden:
    pytestmark = golden

    def test_degrees(self):
        stored = load()
        assert_close(degrees_from_bins(stored["degrees/logits"]), stored["degrees/degrees"], absolute=5e-5)

    def test_grids(self):
        stored = load()
        assert_close(coordinate_grid((3, 4, 5), torch.zeros(1)), stored["grid/coordinate_grid_d3_h4_w5"])
        assert_close(coordinate_grid((4, 5), torch.zeros(1)), stored["grid/coordinate_grid_2d_h4_w5"])

    @pytest.mark.parametrize("variance", [0.01, 0.3])
    def test_gaussians(self, variance):
        stored = load()
        ours = gaussians(stored["gaussian/kp"], (4, 6, 5), variance)
        assert_close(ours, stored[f"gaussian/out_d4_h6_w5_var{variance}"])

    @pytest.mark.parametrize("kind", ["nojac", "jac"])
    def test_sparse_motions(self, kind):
        stored = load()
        names = ("source", "driving")
        source, driving = (
            Keypoints(stored[f"dense_motion/kp_{name}"], stored[f"dense_motion/jac_{name}"] if kind == "jac" else None)
            for name in names
        )
        motions = sparse_motions(source, driving, (4, 6, 5))
        assert_close(motions, stored[f"dense_motion/{kind}/sparse_motions"], absolute=2e-5)
        feature = stored["dense_motion/feature"]
        repeated = feature[:, None].expand(-1, 16, -1, -1, -1, -1).flatten(0, 1)
        warped = sample_volume(repeated, motions.flatten(0, 1)).unflatten(0, (2, 16))
        assert_close(warped, stored[f"dense_motion/{kind}/deformed_feature"], absolute=5e-5)

    @pytest.mark.parametrize("suffix", ["", "_small"])
    def test_warp(self, suffix):
        stored = load()
        ours = warp(stored["deform/input"], stored[f"deform/deformation{suffix}"])
        assert_close(ours, stored[f"deform/output{suffix}"])

    @pytest.mark.parametrize("suffix", ["", "_beta"])
    @pytest.mark.parametrize(
        ("name", "angles"),
        [
            ("normal", (None, None, None)),
            ("freeview_30_10_0", (30, 10, 0)),
            ("freeview_roll-20_only", (None, None, -20)),
        ],
    )
    def test_keypoint_transform(self, name, angles, suffix):
        stored = load()
        count = len(stored[f"kp_transform/{name}{suffix}/value"])
        driven = [degrees_from_bins(stored[f"kp_transform/he_{axis}"]) for axis in ("yaw", "pitch", "roll")]
        used = [
            degrees if given is None else torch.full((2,), float(given))
            for degrees, given in zip(driven, angles, strict=True)
        ]
        moved = transform_keypoints(
            Keypoints(stored["kp_transform/canonical_value"], stored["kp_transform/canonical_jacobian"]),
            rotation_matrix(*used, legacy=bool(suffix)),
            stored["kp_transform/he_t"],
            stored["kp_transform/he_exp"].view(2, 15, 3),
        )[:count]
        assert_close(moved.value, stored[f"kp_transform/{name}{suffix}/value"], absolute=5e-6)
        if f"kp_transform/{name}{suffix}/jacobian" in stored:
            assert_close(moved.jacobian, stored[f"kp_transform/{name}{suffix}/jacobian"], absolute=5e-6)
