import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch.nn.functional import conv2d

from bench.compute.scored_frames import ScoredFrames
from metrics.ssim import full_size, uniform
from tests.material import needs
from tests.metrics.frame_sets import CLIPS, FOLDER, SETS, golden, score, strip

C1 = (0.01 * 255) ** 2


@pytest.mark.parametrize(("a", "b"), [(0, 255), (10, 20), (200, 201), (77, 77)])
@pytest.mark.parametrize("name", ["ssim", "ssim_gray"])
def test_constant_pictures_have_their_closed_form(name, a, b):
    pred, ref = (ScoredFrames.of(torch.full((1, 3, 12, 15), value, dtype=torch.uint8)) for value in (a, b))
    assert score(name, pred, ref).value == pytest.approx((2 * a * b + C1) / (a * a + b * b + C1), abs=1e-7)


@pytest.mark.parametrize("name", ["ssim", "ssim_gray", "ms_ssim"])
def test_equal_frames_give_exactly_one(name, natural):
    assert score(name, ScoredFrames.of(natural), ScoredFrames.of(natural.clone())).per_frame.tolist() == [1.0] * 4


def test_agrees_with_scikit_image_on_odd_sizes(pair):
    pred, ref = pair
    gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    wanted = [
        structural_similarity(r, p, channel_axis=0, **gaussian)
        for p, r in zip(pred.pixels.numpy(), ref.pixels.numpy(), strict=True)
    ]
    np.testing.assert_allclose(score("ssim", pred, ref).per_frame, wanted, atol=1e-7, rtol=0)


def test_uniform_window_agrees_with_scikit_image(natural, degraded):
    p, r = degraded[:, 1], natural[:, 1]
    wanted = [structural_similarity(a.numpy(), b.numpy()) for a, b in zip(r, p, strict=True)]
    np.testing.assert_allclose(uniform(p, r), wanted, atol=1e-12, rtol=0)


def test_single_precision_sums_are_what_peers_are_off_by():
    """Where windows have little variance, E[x²] - μ² of float32 sums is off beside K2 (docs/parity.md, piq); not ours."""
    generator = torch.Generator().manual_seed(1)
    ramp = torch.linspace(150, 200, 128).expand(1, 1, 128, 128)
    ref, pred = (
        (ramp + torch.randint(-1, 2, (1, 1, 128, 128), generator=generator)).round().to(torch.uint8) for _ in range(2)
    )
    line = torch.exp(-((torch.arange(11, dtype=torch.float64) - 5) ** 2) / (2 * 1.5**2))
    window = (line[:, None] * line / line.sum() ** 2)[None, None]

    def by(precision):
        def local(picture):
            return conv2d(picture.to(precision), window.to(precision)).double()

        x, y = (side.double() / 255 for side in (ref, pred))
        a, b = local(x), local(y)
        aa, bb, ab = (local(product) for product in (x * x, y * y, x * y))
        structure = (2 * (ab - a * b) + 9e-4) / (aa - a * a + bb - b * b + 9e-4)
        return float(((2 * a * b + 1e-4) / (a * a + b * b + 1e-4) * structure).mean())

    exact = by(torch.float64)
    ours = score("ssim", *(ScoredFrames.of(side.expand(1, 3, -1, -1)) for side in (pred, ref))).value
    assert ours == pytest.approx(exact, abs=1e-7)
    assert abs(by(torch.float32) - exact) > 1e-5


def test_no_hidden_down_sampling_of_large_frames():
    """piq pools frames of 384 pixels and more first, which moves SSIM by several hundredths."""
    generator = torch.Generator().manual_seed(3)
    ref = torch.randint(0, 256, (1, 3, 400, 390), generator=generator, dtype=torch.uint8)
    pred = (ref.float() * 0.8 + 20).to(torch.uint8)
    wanted = structural_similarity(
        ref[0].numpy(), pred[0].numpy(), channel_axis=0, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, data_range=255,
    )  # fmt: skip
    assert score("ssim", ScoredFrames.of(pred), ScoredFrames.of(ref)).value == pytest.approx(wanted, abs=1e-7)


@pytest.mark.parametrize(("name", "side"), [("ssim", 11), ("ssim_gray", 7), ("ms_ssim", 161)])
def test_frames_smaller_than_the_window_are_skipped_with_the_size(name, side):
    def frames(height, width):
        return ScoredFrames.of(torch.zeros(2, 3, height, width, dtype=torch.uint8))

    outcome = score(name, frames(side - 1, 300), frames(side - 1, 300))
    assert outcome.status == "skipped"
    assert f"300×{side - 1}" in outcome.reason
    assert score(name, frames(side, side), frames(side, side)).value == 1.0


@pytest.mark.shared
@needs(FOLDER)
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("clip", CLIPS)
def test_golden(clip, name):
    frames = ScoredFrames.of(strip(clip, name)), ScoredFrames.of(strip(clip, "ref"))
    ours = score("ssim", *frames).per_frame
    skimage = golden(clip, name, "ssim.skimage.rgb_gauss")
    np.testing.assert_allclose(ours, skimage, atol=1e-7, rtol=0)
    np.testing.assert_allclose(ours, golden(clip, name, "ssim.pytorch_msssim"), atol=2e-5, rtol=0)
    # piq works in float32: on one frame of 288 it is 2.02e-5 from scikit-image, and so from us.
    piq = golden(clip, name, "ssim.piq")
    exact = (piq - skimage).abs() < 2e-5
    np.testing.assert_allclose(ours[exact], piq[exact], atol=2e-5, rtol=0)
    assert ours.mean() == pytest.approx(piq.mean(), abs=2e-5)


@pytest.mark.shared
@needs(FOLDER)
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("clip", CLIPS)
def test_golden_gray(clip, name):
    ours = score("ssim_gray", ScoredFrames.of(strip(clip, name)), ScoredFrames.of(strip(clip, "ref"))).per_frame
    np.testing.assert_allclose(ours, golden(clip, name, "ssim.skimage.gray_u8"), atol=1e-7, rtol=0)


@pytest.mark.parametrize("seed", [55, 145, 157, 185])
def test_sides_can_be_exchanged_to_the_last_bit(seed):
    """On these a fused product, which rounds one side's square and not the other's, differed by up to 1e-10."""
    numbers = torch.Generator().manual_seed(seed)
    one, other = (
        ScoredFrames.of(torch.randint(111, 127, (2, 3, 161, 165), generator=numbers, dtype=torch.uint8)) for _ in "ab"
    )
    assert torch.equal(full_size(one, other), full_size(other, one))
