import itertools
import json
import pickle

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.weights.resources import Resources
from metrics import registry
from metrics.distribution.moments import Moments
from metrics.fid import FID, FIDPool
from metrics.metric import ClipFacts
from metrics.scoring import score
from tests.material import GOLDEN, needs
from tests.metrics import recipe
from tests.metrics.pictures import FRAMES, golden, in_batches, scene
from tests.metrics.stub import resources

FACTS = ClipFacts(id="clip")
PRED, REF = scene(20, 32, 32, seed=1), scene(20, 32, 32, seed=2)


def run(metric, pred, ref, sizes=(20,), using=None, facts=FACTS):
    using = using or resources()
    work = metric.begin(facts, using)
    for one, other in zip(in_batches(pred, list(sizes)), in_batches(ref, list(sizes)), strict=True):
        work.update(one, other)
    return work


D = 40


def features(count, seed):
    rng = np.random.default_rng(seed)
    return np.abs(rng.normal(size=(count, D)) * rng.uniform(0.01, 2, D)).astype(np.float32)


def pool_of(pred, ref):
    pool = FIDPool(Moments(D), Moments(D))
    pool.pred.add(pred)
    pool.ref.add(ref)
    return pool


@given(st.lists(st.integers(1, 20), min_size=1, max_size=8))
@settings(max_examples=6, deadline=None)
def test_batches_do_not_change_it(sizes):
    using = resources()
    expected = run(FID, PRED, REF, using=using).result().value
    assert run(FID, PRED, REF, sizes, using).result().value == pytest.approx(expected, rel=1e-9)


def test_frame_order_does_not_change_it():
    order = torch.randperm(20, generator=torch.Generator().manual_seed(0))
    assert run(FID, PRED[order], REF).result().value == pytest.approx(run(FID, PRED, REF).result().value, rel=1e-9)


def test_identical_frames_give_zero_and_n():
    outcome = run(FID, PRED, PRED).result()
    assert outcome.status == "value"
    assert outcome.value == pytest.approx(0, abs=1e-9)
    assert outcome.value >= 0
    assert outcome.n == 20


def test_symmetric():
    assert run(FID, PRED, REF).result().value == pytest.approx(run(FID, REF, PRED).result().value, rel=1e-9)


def test_reference_goes_through_once_for_all_settings_and_metrics():
    using = resources()
    works = [metric.begin(FACTS, using) for metric in (FID, registry.get("kid")) for _ in range(3)]
    preds = [scene(5, 32, 32, seed=seed) for seed in (1, 2, 3)]
    reference = in_batches(REF[:5], [5])[0]
    frames = [in_batches(pred, [5])[0] for pred in preds]
    for index, work in enumerate(works):
        work.update(frames[index % 3], reference)
    assert using.networks["inception"].seen == 5 + 3 * 5


def test_one_frame_has_no_covariance():
    outcome = run(FID, PRED[:1], REF[:1], [1]).result()
    assert outcome.status == "failed"
    assert "two frames" in outcome.reason


def test_static_row_has_no_variance_of_its_own():
    """All-equal frames: |μ₁ - μ₂|² + tr Σ of the reference."""
    still = REF[:1].expand(20, -1, -1, -1)
    outcome = run(FID, still, REF).result()
    stub = resources().networks["inception"]
    ref, one = stub(REF).double().numpy(), stub(REF[:1]).double().numpy()[0]
    expected = np.sum((ref.mean(0) - one) ** 2) + ref.var(0, ddof=1).sum()
    assert outcome.value == pytest.approx(expected, rel=1e-9)


def test_pooling_clips_is_scoring_their_frames_together():
    using = resources()
    whole = run(FID, PRED, REF, using=using).result()
    first, second = (run(FID, PRED[part], REF[part], [5], using) for part in (slice(0, 13), slice(13, 20)))
    pool = first.pool()
    pool.merge(second.pool())
    assert pool.outcome().value == pytest.approx(whole.value, rel=1e-9)
    assert pool.outcome().n == 20
    assert second.result().n == 7


def test_pools_travel():
    pool = run(FID, PRED, REF).pool()
    assert type(pool) is FID.pool
    for copy in (pickle.loads(pickle.dumps(pool)), FIDPool.of_arrays(pool.to_arrays())):
        assert copy.outcome().value == pool.outcome().value
    assert len(pickle.dumps(pool)) < 2 * 20 * 2048 * 4 + 5000


def test_any_merging_order_beyond_the_dimension():
    """More frames than dimensions: rows are folded, at different places in every order."""
    clips = [pool_of(features(90, seed), features(90, 100 + seed)) for seed in range(3)]
    totals = []
    for order in itertools.permutations(clips):
        total = FIDPool(Moments(D), Moments(D))
        for clip in order:
            total.merge(clip)
        totals.append(total.outcome())
    sides = [np.concatenate([features(90, base + seed) for seed in range(3)]).astype(np.float64) for base in (0, 100)]
    means, covariances = [rows.mean(0) for rows in sides], [np.cov(rows.T) for rows in sides]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = np.sum((means[0] - means[1]) ** 2) + np.trace(covariances[0] + covariances[1] - 2 * root)
    for total in totals:
        assert total.n == 270
        assert total.value == pytest.approx(totals[0].value, rel=1e-9)
        assert total.value == pytest.approx(expected, rel=1e-9)


@pytest.mark.shared
@pytest.mark.slow
@needs(FRAMES)
def test_golden_values_from_frames():
    """From pixels to FID, with the recipe's weights in the full-size network."""
    values = json.loads((GOLDEN / "metrics" / "fid.json").read_text())["values"]
    using = Resources(weights={"inception": recipe.state("inception")})
    references = in_batches(golden("wda_a", "ref"), [10])
    for name in ("jpeg20", "static"):
        work = FID.begin(FACTS, using)
        for frames, ref in zip(in_batches(golden("wda_a", name), [10]), references, strict=True):
            work.update(frames, ref)
        outcome = work.result()
        assert outcome.n == 24
        assert outcome.value == pytest.approx(values[f"wda_a.{name}"]["exact_lowrank"], abs=1e-4)
        assert outcome.value == pytest.approx(values[f"wda_a.{name}"]["pytorch_fid"], abs=1e-4)


def test_missing_weights_are_a_skip_with_the_remedy(monkeypatch):
    monkeypatch.setenv("TALKING_HEAD_OFFLINE", "1")
    monkeypatch.setattr("bench.weights.files.locate", lambda name, folder=None: None)
    outcomes = score(["fid", "kid", "lpips"], PRED.numpy(), REF.numpy())
    for outcome in outcomes.values():
        assert outcome.status == "skipped"
        assert "python benchmark.py weights fetch" in outcome.reason
