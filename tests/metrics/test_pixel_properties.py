"""What holds for every full-reference pixel metric."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.compute.scored_frames import ScoredFrames
from bench.weights.resources import Resources
from metrics import registry
from metrics.metric import ClipFacts
from tests.metrics.frame_sets import score

NAMES = ["l1", "l1_unit", "psnr", "psnr_gray", "ssim", "ssim_gray", "ms_ssim"]
MEASURED = [name for name in NAMES if name != "l1_unit"]


@st.composite
def pictures(draw, shortest: int = 11):
    height, width = draw(st.integers(shortest, shortest + 9)), draw(st.integers(shortest, shortest + 9))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    low = draw(st.integers(0, 255))
    high = draw(st.integers(low, 255))
    return torch.randint(low, high + 1, (2, 2, 3, height, width), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_symmetric_within_bounds_and_never_nan(name, data):
    one, other = data.draw(pictures(161 if name == "ms_ssim" else 11))
    there, back = (score(name, ScoredFrames.of(p), ScoredFrames.of(r)) for p, r in ((one, other), (other, one)))
    assert there.status == "value"
    low, high = registry.get(name).bounds
    assert np.isfinite(there.per_frame[there.per_frame != math.inf]).all()
    assert ((there.per_frame >= low) & (there.per_frame <= high)).all()
    np.testing.assert_array_equal(there.per_frame, back.per_frame)


@pytest.mark.parametrize("name", NAMES)
def test_identical_frames_give_the_ideal_value(name, natural):
    frames = ScoredFrames.of(natural)
    for same in (frames, ScoredFrames.of(natural.clone())):
        assert score(name, same, frames).value == registry.get(name).ideal


@pytest.mark.parametrize("chunk", [1, 2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_chunking_does_not_change_a_bit(name, chunk, natural, degraded):
    whole = score(name, ScoredFrames.of(degraded), ScoredFrames.of(natural)).per_frame
    accumulator = registry.get(name).begin(_FACTS, Resources())
    for start in range(0, 4, chunk):
        part = slice(start, start + chunk)
        accumulator.update(ScoredFrames.of(degraded[part]), ScoredFrames.of(natural[part]))
    np.testing.assert_array_equal(accumulator.result().per_frame, whole)


@pytest.mark.parametrize("name", MEASURED)
def test_order_of_frames_only_reorders_values(name, natural, degraded):
    values = score(name, ScoredFrames.of(degraded), ScoredFrames.of(natural)).per_frame
    turned = score(name, ScoredFrames.of(degraded.flip(0)), ScoredFrames.of(natural.flip(0))).per_frame
    np.testing.assert_array_equal(turned, values[::-1])


@pytest.mark.parametrize("name", MEASURED)
def test_repeated_frames_score_as_their_copies(name, natural):
    repeated = natural[:1].expand(4, -1, -1, -1)
    copies = repeated.clone()
    for r in (natural, repeated):
        wanted = score(name, ScoredFrames.of(copies), ScoredFrames.of(r.clone())).per_frame
        np.testing.assert_array_equal(score(name, ScoredFrames.of(repeated), ScoredFrames.of(r)).per_frame, wanted)


@pytest.mark.parametrize("name", MEASURED)
def test_reference_shared_between_settings_gives_the_same(name, natural, degraded):
    ref = ScoredFrames.of(natural)
    score(name, ScoredFrames.of(natural.flip(-1)), ref)
    again = score(name, ScoredFrames.of(degraded), ref).per_frame
    np.testing.assert_array_equal(again, score(name, ScoredFrames.of(degraded), ScoredFrames.of(natural)).per_frame)


@pytest.mark.parametrize("name", NAMES)
def test_no_frames_are_a_failure_with_a_reason(name):
    outcome = registry.get(name).begin(_FACTS, Resources()).result()
    assert outcome.status == "failed"
    assert outcome.reason


@pytest.mark.parametrize("name", [name for name in NAMES if name != "ms_ssim"])
def test_more_noise_is_worse(name, natural):
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(natural.shape, generator=generator)
    mild, strong = ((natural + noise * sigma).round().clamp(0, 255).to(torch.uint8) for sigma in (4, 16))
    values = [score(name, ScoredFrames.of(p), ScoredFrames.of(natural)).value for p in (mild, strong)]
    assert (values[0] < values[1]) == (registry.get(name).direction == "lower")


def test_work_on_a_pair_is_shared_between_ssim_and_ms_ssim(pair, monkeypatch):
    from metrics import ssim

    sizes = []
    compare = ssim.compare
    monkeypatch.setattr(ssim, "compare", lambda p, *rest: sizes.append(p.shape[-1]) or compare(p, *rest))
    score("ssim", *pair)
    score("ms_ssim", *pair)
    assert sizes == [186, 93, 47, 24, 12]


_FACTS = ClipFacts("test")
