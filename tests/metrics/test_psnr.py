import math

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from bench.compute.scored_frames import ScoredFrames
from metrics import luma
from metrics.psnr import psnr
from tests.material import needs
from tests.metrics.frame_sets import CLIPS, FOLDER, SETS, golden, score, strip


@pytest.mark.parametrize("offset", [1, 16, 255])
def test_constant_offset_has_its_closed_form(offset):
    ref = torch.zeros(1, 3, 6, 4, dtype=torch.uint8)
    assert psnr(ref + offset, ref).item() == pytest.approx(20 * math.log10(255 / offset), abs=1e-12)


def test_large_differences_do_not_wrap_around():
    """A difference of 200 held in uint8 would square as 56 and give 13.2 dB."""
    dark, bright = torch.zeros(1, 3, 4, 4, dtype=torch.uint8), torch.full((1, 3, 4, 4), 200, dtype=torch.uint8)
    assert psnr(dark, bright).item() == pytest.approx(20 * math.log10(255 / 200))


def test_identical_frames_are_infinite_counted_and_kept_out_of_the_mean():
    ref = torch.zeros(3, 3, 4, 4, dtype=torch.uint8)
    pred = ref.clone()
    pred[1] = 5
    outcome = score("psnr", ScoredFrames.of(pred), ScoredFrames.of(ref))
    assert outcome.infinite == 2
    assert outcome.per_frame.tolist() == [math.inf, outcome.value, math.inf]
    assert outcome.value == pytest.approx(20 * math.log10(51))
    assert score("psnr", ScoredFrames.of(ref), ScoredFrames.of(ref.clone())).value == math.inf


def test_agrees_with_scikit_image(natural, degraded):
    for ours, p, r in zip(psnr(degraded, natural).tolist(), degraded.numpy(), natural.numpy(), strict=True):
        assert ours == pytest.approx(peak_signal_noise_ratio(r, p, data_range=255), rel=1e-12)


def test_mean_of_frames_is_not_the_pooled_error():
    """MSE 1e-4, 1e-3, 1e-2 of the range: 30.00 dB as a mean of frames, 24.32 dB pooled."""
    ref = torch.zeros(3, 3, 1000, 1, dtype=torch.uint8)
    pred = ref.clone()
    for frame, count in enumerate((1, 10, 100)):  # a hundredth of the pixels or fewer are wrong by the whole range
        pred[frame, :, :count, :] = 255
    wanted = [10 * math.log10(1000 / count) for count in (1, 10, 100)]
    assert score("psnr", ScoredFrames.of(pred), ScoredFrames.of(ref)).value == pytest.approx(np.mean(wanted))


@pytest.mark.parametrize(
    ("rgb", "gray"), [((255, 0, 0), 76), ((0, 255, 0), 150), ((0, 0, 255), 29), ((255, 255, 255), 255)]
)
def test_luma_of_primaries(rgb, gray):
    assert luma.luma(torch.tensor(rgb, dtype=torch.uint8).view(1, 3, 1, 1)).item() == gray


@pytest.mark.parametrize(("rgb", "gray"), [((249, 206, 159), 214), ((232, 186, 175), 199), ((237, 98, 115), 142)])
def test_luma_rounds_as_opencvs_fixed_point_does(rgb, gray):
    """OpenCV 5.0 gives these; the exact sums (213.499, 198.500, 141.499) round to one less."""
    assert luma.luma(torch.tensor(rgb, dtype=torch.uint8).view(1, 3, 1, 1)).item() == gray


@pytest.mark.shared
@needs(FOLDER)
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("clip", CLIPS)
def test_golden(clip, name):
    frames = ScoredFrames.of(strip(clip, name)), ScoredFrames.of(strip(clip, "ref"))
    np.testing.assert_allclose(score("psnr", *frames).per_frame, golden(clip, name, "psnr.skimage.rgb"), rtol=1e-6)
    gray = score("psnr_gray", *frames).per_frame
    np.testing.assert_allclose(gray, golden(clip, name, "psnr.skimage.gray_u8"), rtol=1e-6)
