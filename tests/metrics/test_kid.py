import pickle

import numpy as np
import pytest

from metrics import kid
from metrics.kid import KID, KIDPool, kernel_distance
from metrics.metric import ClipFacts
from tests.metrics.pictures import scene
from tests.metrics.stub import resources
from tests.metrics.test_fid import PRED, REF, run


def rows(count, seed, d=16, shift=0.0):
    return (np.random.default_rng(seed).normal(size=(count, d)) + shift).astype(np.float32)


def as_printed(x, y):
    """The unbiased estimator, pair by pair."""

    def kernel(a, b):
        return (float(np.dot(a.astype(np.float64), b.astype(np.float64))) / len(a) + 1) ** 3

    n, m = len(x), len(y)
    within_x = sum(kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    within_y = sum(kernel(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return within_x + within_y - 2 * np.mean([[kernel(a, b) for b in y] for a in x])


def test_equals_the_definition():
    x, y = rows(9, 0), rows(9, 1, shift=0.5)
    value, spread = kernel_distance(x, y)
    assert value == pytest.approx(as_printed(x, y), abs=1e-12)
    assert spread == 0


def test_closed_form_of_constant_features():
    """All rows alike: k(a, a) + k(b, b) - 2 k(a, b)."""
    x, y = np.full((5, 4), 1.0, np.float32), np.full((5, 4), 3.0, np.float32)
    assert kernel_distance(x, y)[0] == pytest.approx(2**3 + 10**3 - 2 * 4**3)
    assert kernel_distance(x, x)[0] == pytest.approx(0, abs=1e-12)


def test_identical_sets_miss_zero_by_their_diagonal():
    """Unbiased means 0 for independent samples; a set against itself pairs every row with itself once."""
    x = rows(40, 0)
    kernel = (x.astype(np.float64) @ x.T.astype(np.float64) / 16 + 1) ** 3
    off_diagonal = (kernel.sum() - np.trace(kernel)) / (40 * 39)
    assert kernel_distance(x, x)[0] == pytest.approx(2 * (off_diagonal - kernel.mean()), abs=1e-12)


def test_subsets_are_those_of_the_stated_generator():
    x, y = rows(30, 0), rows(25, 1, shift=0.3)
    random = np.random.RandomState(kid.SEED)
    values = []
    for _ in range(7):
        one = x[random.choice(30, 10, replace=False)]
        other = y[random.choice(25, 10, replace=False)]
        values.append(as_printed(one, other))
    value, spread = kernel_distance(x, y, subsets=7, size=10)
    assert value == pytest.approx(np.mean(values), abs=1e-12)
    assert spread == pytest.approx(np.std(values), abs=1e-12)


def test_unbiased():
    values = [kernel_distance(rows(20, 2 * seed), rows(20, 2 * seed + 1))[0] for seed in range(300)]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(300)
    assert min(values) < 0 < max(values)


def test_agrees_with_torch_fidelity():
    peer = pytest.importorskip("torch_fidelity.metric_kid")
    import torch

    rng = np.random.default_rng(0)
    x = np.abs(rng.normal(size=(1200, 2048))).astype(np.float32)
    y = np.abs(rng.normal(0.02, 1, size=(1100, 2048))).astype(np.float32)
    expected = peer.kid_features_to_metric(
        torch.from_numpy(x), torch.from_numpy(y), kid_subsets=20, kid_subset_size=1000, verbose=False
    )
    value, spread = kernel_distance(x, y, subsets=20)
    assert value == pytest.approx(expected["kernel_inception_distance_mean"], abs=1e-5)
    assert spread == pytest.approx(expected["kernel_inception_distance_std"], abs=1e-5)


@pytest.mark.parametrize("sizes", [[1], [7], [3, 11]])
def test_batches_do_not_change_it(sizes):
    assert run(KID, PRED, REF, sizes).result().value == pytest.approx(run(KID, PRED, REF).result().value, rel=1e-9)


def test_clip_and_pooled_values():
    using = resources()
    stub = using.networks["inception"]
    works = [
        run(KID, PRED[part], REF[part], [5], using, ClipFacts(id=name))
        for name, part in (("a", slice(0, 13)), ("b", slice(13, 20)))
    ]
    pools = [KIDPool(), KIDPool()]
    for pool, order in zip(pools, (works, works[::-1]), strict=True):
        for work in order:
            pool.merge(work.pool())
    expected = kernel_distance(stub(PRED).numpy(), stub(REF).numpy())[0]
    outcomes = [pool.outcome() for pool in pools]
    assert outcomes[0].value == outcomes[1].value == pytest.approx(expected, rel=1e-9)
    assert outcomes[0].n == 20
    assert works[1].result().n == 7


def test_pool_is_bounded_and_travels(monkeypatch):
    monkeypatch.setattr(kid, "CAPACITY", 8)
    work = run(KID, PRED, REF)
    pool = work.pool()
    assert type(pool) is KID.pool
    assert len(pool.pred.rows) == len(pool.ref.rows) == 8
    outcome = work.result()
    assert outcome.n == 20
    assert outcome.details["sampled_frames"] == 8
    for copy in (pickle.loads(pickle.dumps(pool)), KIDPool.of_arrays(pool.to_arrays())):
        assert copy.outcome().value == outcome.value
        assert copy.outcome().n == 20


def test_one_frame_is_not_enough():
    assert run(KID, scene(1), scene(1), [1]).result().status == "failed"
