import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.transform import resize as skimage_resize

from bench.errors import BenchError
from bench.media.resize import KERNELS, axis_matrix, resize
from tests.material import GOLDEN, needs

FIXTURES = GOLDEN / "facevid2vid" / "resize.npz"
CASES = ("down_480x480", "down_360x600", "mixed_200x320", "up_120x160", "rgba_300x300")


def noise(height: int, width: int, *, frames: int = 1, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (frames, 3, height, width), dtype=np.uint8))


def off_ties(exact: np.ndarray, ours: np.ndarray) -> np.ndarray:
    """|ours − rounded exact|; zero where `exact` is a tie to within rounding errors and we are beside it."""
    apart = np.abs(ours.astype(np.float64) - np.rint(exact))
    tie = np.abs(exact - np.floor(exact) - 0.5) < 1e-9
    return np.where(tie & (apart <= 1), 0, apart)


@pytest.mark.shared
@needs(FIXTURES)
@pytest.mark.parametrize("case", CASES)
def test_default_kernel_gives_the_golden_frames_except_at_exact_ties(case):
    golden = np.load(FIXTURES)
    frame = torch.from_numpy(golden[f"{case}/input"][..., :3].copy()).permute(2, 0, 1)[None]
    expected = golden[f"{case}/output_u8"]
    ours = resize(frame.contiguous(), expected.shape[:2])[0].permute(1, 2, 0).numpy()
    exact = skimage_resize(golden[f"{case}/input"], expected.shape[:2])[..., :3] * 255
    np.testing.assert_allclose(exact[::4, ::4] / 255, golden[f"{case}/output_s4"], atol=1e-7)
    assert off_ties(exact, ours).max() == 0
    assert (ours != expected).mean() < 1e-3


@settings(max_examples=40, deadline=None)
@given(*[st.integers(1, 48)] * 4, st.integers(0, 2**32 - 1))
def test_default_kernel_is_skimage_at_any_size(height, width, to_height, to_width, seed):
    frame = noise(height, width, seed=seed)
    exact = skimage_resize(frame[0].permute(1, 2, 0).numpy(), (to_height, to_width)) * 255
    ours = resize(frame, (to_height, to_width))[0].permute(1, 2, 0).numpy()
    assert off_ties(exact, ours).max() == 0


def test_every_frame_is_resized_alone():
    frames = noise(50, 70, frames=5)
    together = resize(frames, (32, 32))
    for index in range(5):
        assert torch.equal(resize(frames[index : index + 1], (32, 32))[0], together[index])


def test_frames_of_the_wanted_size_pass_untouched():
    frames = noise(32, 32)
    assert resize(frames, (32, 32)) is frames


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("length", "resized"), [(7, 3), (3, 7), (64, 48), (1, 5), (5, 1)])
def test_weights_are_a_mean(kernel, length, resized):
    weights = axis_matrix(length, resized, kernel).toarray()
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-12)


def test_area_halving_is_the_mean_of_four():
    frame = noise(8, 12)
    mean = frame.double().unfold(2, 2, 2).unfold(3, 2, 2).mean((-1, -2)).numpy()
    np.testing.assert_array_equal(resize(frame, (4, 6), kernel="area").numpy(), np.rint(mean))


def test_bilinear_agrees_with_torch():
    frame = noise(37, 53)
    theirs = torch.nn.functional.interpolate(frame.double(), (21, 80), mode="bilinear", align_corners=False).numpy()
    ours = resize(frame, (21, 80), kernel="bilinear").numpy()
    assert off_ties(theirs, ours).max() == 0


def test_unknown_kernel_names_the_known_ones():
    with pytest.raises(BenchError, match=r"'lanczos'.*skimage-antialias-linear, area, bilinear"):
        resize(noise(4, 4), (2, 2), kernel="lanczos")


def test_size_without_pixels_is_refused():
    with pytest.raises(BenchError, match="at least one pixel"):
        resize(noise(4, 4), (0, 2))


@pytest.mark.parametrize(
    ("length", "resized"),
    [(1, 1), (2, 1), (5, 1), (64, 256), (300, 1), (360, 256), (640, 256), (1025, 100), (1080, 256)],
)
def test_weights_are_to_the_last_bit_those_of_blurring_the_unit_vectors(length, resized):
    sigma = (length / resized - 1) / 2
    blurred = np.eye(length)
    if sigma > 0:
        blurred = ndimage.gaussian_filter1d(blurred, sigma, axis=0, mode="mirror", truncate=4.0)
    centre = (np.arange(resized) + 0.5) * (length / resized) - 0.5
    low = np.floor(centre).astype(int)
    fraction = centre - low
    inside = np.pad(np.arange(length), length, mode="reflect") if length > 1 else np.zeros(3, int)
    expected = np.zeros((resized, length))
    for neighbour, weight in ((low, 1 - fraction), (low + 1, fraction)):
        expected += weight[:, None] * blurred[inside[neighbour + length]]
    np.testing.assert_array_equal(axis_matrix(length, resized).toarray(), expected)
