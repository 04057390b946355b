import numpy as np
import piq
import pytest
import torch

from bench.compute.scored_frames import ScoredFrames
from metrics.ms_ssim import combine, halve
from tests.material import needs
from tests.metrics.frame_sets import CLIPS, FOLDER, SETS, golden, score, strip


def test_halving_repeats_an_odd_border():
    picture = torch.arange(15, dtype=torch.uint8).view(1, 1, 3, 5)
    assert halve(picture)[0, 0].tolist() == [[3.0, 5.0, 6.5], [10.5, 12.5, 14.0]]


def test_negative_terms_count_as_zero():
    """A negative base with a fractional power would be NaN."""
    scales = torch.ones(5, 1, 2, 3, dtype=torch.float64)
    scales[1, 0, 1, 0] = -0.2
    assert combine(scales).item() == pytest.approx(2 / 3)


def test_constant_pictures_are_compared_by_luminance_of_the_coarsest_scale():
    pred, ref = (ScoredFrames.of(torch.full((1, 3, 176, 176), value, dtype=torch.uint8)) for value in (60, 120))
    c1 = (0.01 * 255) ** 2
    wanted = ((2 * 60 * 120 + c1) / (60**2 + 120**2 + c1)) ** 0.1333
    assert score("ms_ssim", pred, ref).value == pytest.approx(wanted, abs=1e-7)


def test_agrees_with_piq(natural, degraded):
    pred, ref = degraded[..., :160, :176].repeat(1, 1, 2, 1), natural[..., :160, :176].repeat(1, 1, 2, 1)
    wanted = piq.multi_scale_ssim(pred / 255, ref / 255, reduction="none")
    np.testing.assert_allclose(
        score("ms_ssim", ScoredFrames.of(pred), ScoredFrames.of(ref)).per_frame, wanted, atol=2e-5, rtol=0
    )


@pytest.mark.shared
@needs(FOLDER)
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("clip", CLIPS)
def test_golden(clip, name):
    ours = score("ms_ssim", ScoredFrames.of(strip(clip, name)), ScoredFrames.of(strip(clip, "ref"))).per_frame
    for peer in ("msssim.piq", "msssim.pytorch_msssim"):
        np.testing.assert_allclose(ours, golden(clip, name, peer), atol=2e-5, rtol=0)
