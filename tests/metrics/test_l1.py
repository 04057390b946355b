import numpy as np
import pytest
import torch

from bench.compute.scored_frames import ScoredFrames
from metrics.l1 import L1, l1
from tests.material import needs
from tests.metrics.frame_sets import CLIPS, FOLDER, SETS, golden, score, strip


@pytest.mark.parametrize("offset", [1, 17, 255])
def test_constant_offset_is_the_offset(offset):
    ref = torch.zeros(2, 3, 5, 7, dtype=torch.uint8)
    assert l1(ref + offset, ref).tolist() == [offset / 255] * 2


def test_differences_do_not_wrap_around():
    dark, bright = torch.zeros(1, 3, 4, 4, dtype=torch.uint8), torch.full((1, 3, 4, 4), 255, dtype=torch.uint8)
    assert l1(dark, bright).item() == l1(bright, dark).item() == 1.0


def test_equals_the_definition_in_float64(natural, degraded):
    expected = (natural.double() - degraded.double()).abs().mean(dim=(1, 2, 3)) / 255
    assert torch.allclose(l1(degraded, natural), expected, rtol=1e-15)


def test_unit_variant_has_the_same_value_and_another_display():
    frames = (
        ScoredFrames.of(torch.zeros(1, 3, 4, 4, dtype=torch.uint8)),
        ScoredFrames.of(torch.ones(1, 3, 4, 4, dtype=torch.uint8)),
    )
    assert score("l1", *frames).value == score("l1_unit", *frames).value == 1 / 255
    assert L1.scale == 255


@pytest.mark.shared
@needs(FOLDER)
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("clip", CLIPS)
def test_golden(clip, name):
    ours = score("l1", ScoredFrames.of(strip(clip, name)), ScoredFrames.of(strip(clip, "ref"))).per_frame
    np.testing.assert_allclose(ours * 255, golden(clip, name, "l1"), rtol=1e-6)
