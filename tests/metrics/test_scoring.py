"""What holds for every metric that looks at frames, and what `metrics.score` refuses."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.rows import ORIGINAL
from bench.weights.resources import Resources
from metrics import registry
from metrics.metric import ClipFacts
from metrics.scorer.clip_scorer import ClipScorer
from metrics.scoring import score
from tests.metrics import recipe
from tests.metrics.pictures import in_batches, scene
from tests.metrics.stub import StubInception

NAMES = [name for name in registry.TABLE if not {"syncnet", "face_mesh"} & {*registry.get(name).weights}]
"""Those of SyncNet and of the face mesh have tests of their own: they look at faces and sound."""
QUICK = [name for name in NAMES if name != "lpips_vgg"]
RESOURCES = Resources(
    weights={**recipe.weights(), "inception": {"stub": torch.zeros(1)}}, networks={"inception": StubInception()}
)
HEIGHT, WIDTH = 198, 203
"""Odd, and large enough for every metric."""


def outcomes(names, pred, ref, sizes=(64,)):
    scorer = ClipScorer([registry.get(name) for name in names], {ORIGINAL: ClipFacts("clip")}, RESOURCES)
    for one, other in zip(in_batches(pred, list(sizes)), in_batches(ref, list(sizes)), strict=True):
        scorer.update(other.frames, {ORIGINAL: one.frames})
    return scorer.results()[ORIGINAL]


@pytest.fixture(scope="module")
def sides():
    return scene(4, HEIGHT, WIDTH, seed=1), scene(4, HEIGHT, WIDTH, seed=2)


@pytest.fixture(scope="module")
def whole(sides):
    return outcomes(NAMES, *sides)


@pytest.mark.parametrize("sizes", [(1,), (3,), (1, 2)])
def test_batches_change_no_number(sides, whole, sizes):
    parts = outcomes(QUICK, *sides, sizes)
    for name in QUICK:
        assert whole[name].status == "value", whole[name].reason
        assert parts[name].value == pytest.approx(whole[name].value, rel=1e-9), name
        assert parts[name].n == whole[name].n


def test_order_of_frames_changes_no_number(sides, whole):
    order = [2, 0, 3, 1]
    turned = outcomes(QUICK, *(side[order] for side in sides))
    for name in QUICK:
        assert turned[name].value == pytest.approx(whole[name].value, rel=1e-9), name
        if whole[name].per_frame is not None:
            np.testing.assert_allclose(turned[name].per_frame, whole[name].per_frame[order], rtol=1e-9)


def test_every_value_is_inside_its_stated_bounds(whole):
    for name, outcome in whole.items():
        low, high = registry.get(name).bounds
        assert low <= outcome.value <= high, name


def test_comparisons_are_symmetric(sides, whole):
    names = [name for name in QUICK if "reference" in registry.get(name).needs]
    back = outcomes(names, *reversed(sides))
    for name in names:
        assert back[name].value == pytest.approx(whole[name].value, rel=1e-6), name


def test_identical_frames_give_the_ideal_value(sides):
    pred, _ = sides
    for name, outcome in outcomes(NAMES, pred, pred.clone()).items():
        ideal = registry.get(name).ideal
        # KID's estimator is unbiased: a set against itself is below 0 by design (see its card).
        if ideal is not None and name != "kid":
            assert outcome.value == pytest.approx(ideal, abs=1e-9), name


@settings(max_examples=12)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**31))
def test_tiny_frames_have_a_number_or_a_reason(height, width, seed):
    draw = torch.Generator().manual_seed(seed)
    pred, ref = torch.randint(0, 256, (2, 2, 3, height, width), generator=draw, dtype=torch.uint8)
    for name, outcome in outcomes(QUICK, pred, ref).items():
        if outcome.status == "value":
            assert not np.isnan(outcome.value), name
        else:
            assert outcome.status == "skipped", f"{name}: {outcome.reason}"
            assert f"{width}×{height}" in outcome.reason or f"these have {min(width, height)}" in outcome.reason


@settings(max_examples=5)
@given(st.integers(194, 230), st.integers(194, 230), st.integers(0, 2**31))
def test_odd_sizes_have_a_number(height, width, seed):
    draw = torch.Generator().manual_seed(seed)
    pred, ref = torch.randint(0, 256, (2, 2, 3, height, width), generator=draw, dtype=torch.uint8)
    names = [name for name in QUICK if name != "lpips"]
    for name, outcome in outcomes(names, pred, ref).items():
        low, high = registry.get(name).bounds
        assert outcome.status == "value", f"{name}: {outcome.reason}"
        assert low <= outcome.value <= high, name


@settings(max_examples=20)
@given(st.integers(0, 255), st.integers(0, 255))
def test_constant_frames_have_their_closed_forms(a, b):
    """ITU-R 601 luma of a grey is that grey; features of frames that are all alike have no spread."""
    pred, ref = (torch.full((3, 3, 20, 22), level, dtype=torch.uint8) for level in (a, b))
    names = ["l1", "l1_unit", "psnr", "psnr_gray", "ssim", "ssim_gray", "fid", "kid"]
    found = {name: outcome.value for name, outcome in outcomes(names, pred, ref).items()}
    c1 = (0.01 * 255) ** 2
    psnr = 20 * np.log10(255 / abs(a - b)) if a != b else np.inf
    one, other = (StubInception()(side[:1])[0].double().numpy() for side in (pred, ref))
    kernel = [(x @ y / len(x) + 1) ** 3 for x, y in ((one, one), (other, other), (one, other))]
    wanted = {
        **dict.fromkeys(("l1", "l1_unit"), abs(a - b) / 255),
        **dict.fromkeys(("psnr", "psnr_gray"), psnr),
        **dict.fromkeys(("ssim", "ssim_gray"), (2 * a * b + c1) / (a * a + b * b + c1)),
        "fid": np.sum((one - other) ** 2),
        "kid": kernel[0] + kernel[1] - 2 * kernel[2],
    }
    assert found == pytest.approx(wanted, rel=1e-6, abs=2e-7)


@settings(max_examples=15)
@given(st.integers(0, 255))
def test_constant_frames_have_no_naturalness(level):
    """No texture, no covariance: infinite and counted, never a number."""
    flat = torch.full((2, 3, 194, 200), level, dtype=torch.uint8)
    outcome = outcomes(["niqe"], flat, flat)["niqe"]
    assert outcome.value == np.inf
    assert outcome.infinite == 2


@pytest.mark.parametrize(
    ("level", "value"),
    [(0, 27.07538604736328), (1, 26.81529426574707), (90, 37.19913101196289), (255, 37.8772087097168)],
)
def test_constant_frames_as_scikit_video_has_them(level, value):
    """It puts black around the picture, so it sees an edge: numbers of scikit-video 1.1.11."""
    flat = torch.full((1, 3, 194, 200), level, dtype=torch.uint8)
    assert outcomes(["niqe_skvideo"], flat, flat)["niqe_skvideo"].value == pytest.approx(value, rel=1e-6)


GOOD = np.zeros((2, 3, 20, 20), np.uint8)


@pytest.mark.parametrize("side", ["pred", "ref"])
@given(st.sampled_from([np.float16, np.float32, np.float64]), st.sampled_from([np.nan, np.inf, -0.1, 1.5, 0.5]))
def test_floats_are_refused_whatever_they_hold(side, kind, value):
    """NaN and what is out of range would wrap or be clipped on the way to 8 bit."""
    arrays = {"pred": GOOD, "ref": GOOD} | {side: np.full(GOOD.shape, value, kind)}
    with pytest.raises(BenchError, match=f"{side} is torch.float.., not uint8"):
        score(["l1"], **arrays)


@pytest.mark.parametrize("kind", [np.int16, np.int32, np.int64, np.bool_])
def test_other_integers_are_refused(kind):
    """300 and -1 are levels of no 8-bit frame."""
    with pytest.raises(BenchError, match="not uint8"):
        score(["psnr"], GOOD.astype(kind), GOOD)


@pytest.mark.parametrize("shape", [(3, 20, 20), (2, 20, 20, 3), (2, 1, 20, 20), (0, 3, 20, 20), (2, 3, 0, 20)])
def test_other_shapes_are_refused(shape):
    wrong = np.zeros(shape, np.uint8)
    with pytest.raises(BenchError, match=r"must be \(T, 3, H, W\)"):
        score(["l1"], wrong, wrong)


def test_sides_of_different_shapes_are_refused():
    with pytest.raises(BenchError, match="must have one shape"):
        score(["l1"], GOOD, GOOD[:1])


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_batch_size_of_score_changes_nothing(batch, sides):
    pred, ref = sides
    wanted = score(["psnr", "ssim", "niqe"], pred, ref)
    found = score(["psnr", "ssim", "niqe"], pred.numpy(), ref.numpy(), batch=batch)
    for name, outcome in wanted.items():
        np.testing.assert_allclose(found[name].per_frame, outcome.per_frame, rtol=1e-12)


def test_the_reference_alone_is_scored_as_ground_truth(sides):
    _, ref = sides
    found = score(["niqe", "psnr"], ref)
    assert found["psnr"].status == "skipped"
    assert found["niqe"].value == outcomes(["niqe"], ref, ref)["niqe"].value
