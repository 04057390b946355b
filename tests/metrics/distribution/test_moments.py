import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.distribution.moments import Moments

D = 6


def rows(count, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, D)) @ rng.normal(size=(D, D)) + 5).astype(np.float32)


def gathered(parts):
    moments = Moments(D)
    for part in parts:
        moments.add(part)
    return moments


def covariance(moments):
    _, factor = moments.mean_and_factor()
    return factor.T @ factor


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_any_grouping_gives_numpys_mean_and_covariance(sizes, seed):
    data = rows(max(2, sum(sizes)), seed)
    moments = gathered(np.split(data, np.cumsum(sizes)[:-1]))
    mean, factor = moments.mean_and_factor()
    assert len(moments) == len(data)
    np.testing.assert_allclose(mean, data.astype(np.float64).mean(0), rtol=1e-12)
    np.testing.assert_allclose(factor.T @ factor, np.cov(data.astype(np.float64).T), rtol=1e-9, atol=1e-9)


@given(st.lists(st.integers(1, 20), min_size=2, max_size=6), st.randoms())
@settings(max_examples=60, deadline=None)
def test_any_order_of_merging_agrees(sizes, random):
    data = np.split(rows(sum(sizes), 3), np.cumsum(sizes)[:-1])
    expected = covariance(gathered(data))
    random.shuffle(data)
    total = Moments(D)
    for part in data:
        total.merge(gathered([part]))
    np.testing.assert_allclose(covariance(total), expected, rtol=1e-9, atol=1e-9)


def test_merging_leaves_the_other_as_it_was():
    one, other = gathered([rows(20)]), gathered([rows(20, 1)])
    before = {key: array.copy() for key, array in other.to_arrays().items()}
    one.merge(other)
    one.merge(gathered([rows(5, 2)]))
    for key, array in other.to_arrays().items():
        np.testing.assert_array_equal(array, before[key])


def test_memory_stops_growing():
    moments = Moments(D)
    for _ in range(100):
        moments.add(rows(5))
        assert sum(len(part) for part in moments.rows) <= D
    assert moments.folded_factor.shape == (D, D)
    assert sum(array.nbytes for array in moments.to_arrays().values()) < 8 * D * D + 4 * D * D + 8 * D + 8


def bits(moments):
    return {name: (array.dtype, array.shape, array.tobytes()) for name, array in moments.to_arrays().items()}


@given(st.lists(st.integers(1, 9), max_size=8), st.lists(st.integers(1, 9), max_size=4), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_arrays_and_back_to_the_last_bit(before, after, seed):
    """And what comes later is folded as it would have been, in the same groups."""
    moments = gathered([rows(size, seed + number) for number, size in enumerate(before)])
    again = Moments.of_arrays({name: array.copy() for name, array in moments.to_arrays().items()})
    assert len(again) == len(moments) == sum(before)
    assert bits(again) == bits(moments)
    others = [gathered([rows(size, 100 + number) for number in range(1, 3)]) for size in after]
    for mine in (moments, again):
        for other in others:
            mine.merge(other)
    assert bits(again) == bits(moments)
    if len(moments) >= 2:
        for one, other in zip(moments.mean_and_factor(), again.mean_and_factor(), strict=True):
            np.testing.assert_array_equal(one, other)


def test_small_variances_keep_their_digits():
    """A covariance matrix in float64 would have lost the smallest direction here."""
    scales = np.array([1e5, 1e3, 1, 1, 1e-2, 1e-3], dtype=np.float64)
    data = (np.random.default_rng(0).integers(-4, 5, size=(200, D)) * scales).astype(np.float32)
    moments = gathered(np.array_split(data, 17))
    _, factor = moments.mean_and_factor()
    expected = np.linalg.svd((data - data.astype(np.float64).mean(0)) / np.sqrt(199), compute_uv=False)
    np.testing.assert_allclose(np.linalg.svd(factor, compute_uv=False), expected, rtol=1e-9)
