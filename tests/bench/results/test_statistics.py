import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.results.statistics import Interval, holm, interval, paired


@pytest.mark.parametrize("size", [2, 3, 4, 5, 7, 10, 30])
def test_covers_the_mean_of_normal_data_as_often_as_it_says(size):
    generator = np.random.default_rng(1)
    found = [interval(generator.normal(3, 2, size)) for _ in range(1000)]
    inside = np.mean([each.low <= 3 <= each.high for each in found])
    # 1000 trials: three standard errors of a 95 % share are 2.1 points; two values leave the bootstrap three means.
    assert abs(inside - 0.95) <= (0.04 if size == 2 else 0.021)


def width(interval):
    return interval.high - interval.low


def test_agrees_with_students_interval_on_many_normal_values():
    values = np.random.default_rng(2).normal(10, 3, 400)
    found = interval(values)
    expected = stats.t.interval(0.95, 399, values.mean(), stats.sem(values))
    assert found.low == pytest.approx(expected[0], abs=0.02)
    assert found.high == pytest.approx(expected[1], abs=0.02)


def test_clusters_widen_the_interval_to_that_of_their_means():
    generator = np.random.default_rng(3)
    people = generator.normal(0, 1, 12)
    values = np.repeat(people, 50) + generator.normal(0, 0.01, 600)
    labels = [f"person {i // 50}" for i in range(600)]
    clustered, naive = interval(values, labels), interval(values)
    assert clustered.clusters == 12
    assert naive.clusters == 600
    assert width(clustered) > 5 * width(naive)
    alone = interval(people)
    assert width(clustered) == pytest.approx(width(alone), rel=0.05)


def test_is_the_same_in_any_order_and_on_any_day():
    generator = np.random.default_rng(4)
    values = generator.normal(0, 1, 40)
    labels = [None if i % 5 == 0 else f"p{i % 7}" for i in range(40)]
    order = generator.permutation(40)
    assert interval(values, labels) == interval(values[order], [labels[i] for i in order])
    assert interval(values, labels) == interval(values, labels)
    assert interval(values, labels, seed=1) != interval(values, labels, seed=0)


@pytest.mark.parametrize("values", [[], [1.0], [math.nan, 2.0, math.inf]])
def test_fewer_than_two_values_have_no_interval(values):
    found = interval(values)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert found.n == sum(math.isfinite(value) for value in values)
    assert found.few


def test_one_person_has_no_interval():
    found = interval([1.0, 2.0, 3.0], ["a", "a", "a"])
    assert math.isnan(found.low)
    assert (found.n, found.clusters) == (3, 1)


def test_wrong_number_of_clusters_is_a_fault():
    with pytest.raises(ValueError, match="3 values but 2 clusters"):
        interval([1.0, 2.0, 3.0], ["a", "b"])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30), st.floats(-100, 100), st.floats(0.01, 100))
def test_lies_around_the_mean_and_moves_and_grows_with_the_values(values, shift, scale):
    values = np.array(values)
    found, other = interval(values), interval(shift + scale * values)
    margin = 1e-5 * (1 + np.abs(values).max())
    assert found.low - margin <= values.mean() <= found.high + margin
    further = 1e-5 * (1 + abs(shift) + scale * np.abs(values).max())
    assert other.low == pytest.approx(shift + scale * found.low, abs=further)
    assert other.high == pytest.approx(shift + scale * found.high, abs=further)


def test_a_clip_of_nobody_known_is_a_unit_of_its_own_beside_the_people():
    generator = np.random.default_rng(8)
    values = np.repeat(generator.normal(0, 1, 12), 10)
    labels: list[str | None] = [f"person {i // 10}" for i in range(120)]
    people = interval(values, labels)
    with_one = interval([*values, values.mean()], [*labels, None])
    assert with_one.clusters == 13
    assert width(with_one) == pytest.approx(width(people), rel=0.1)


def test_difference_of_equal_arrays_is_nothing():
    found = paired([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert (found.mean, found.p, found.effect, found.rising) == (0.0, 1.0, 0.0, 0.5)
    assert found.interval == Interval(0.0, 0.0, 3, 3)


def test_exact_permutation_agrees_with_scipy():
    generator = np.random.default_rng(5)
    first, second = generator.normal(0, 1, 9), generator.normal(0.6, 1, 9)
    expected = stats.permutation_test(
        (second, first), lambda a, b, axis: (a - b).mean(axis=axis), permutation_type="samples", n_resamples=np.inf
    )
    assert paired(first, second).p == pytest.approx(expected.pvalue, abs=1e-12)


def test_drawn_permutation_agrees_with_the_t_test_on_normal_data():
    generator = np.random.default_rng(6)
    first = generator.normal(0, 1, 200)
    second = first + generator.normal(0.12, 1, 200)
    expected = stats.ttest_rel(second, first).pvalue
    assert paired(first, second).p == pytest.approx(expected, abs=0.02)


def test_smallest_p_of_few_clusters_is_told():
    found = paired(np.zeros(4), np.arange(1.0, 5.0))
    assert found.p == found.smallest_p == 2 / 16


def test_flips_whole_clusters():
    # Two people: however many clips, p cannot be below 1/2.
    found = paired(np.zeros(40), np.ones(40), ["a", "b"] * 20)
    assert found.p == found.smallest_p == 0.5


def test_effect_is_cohens_d_of_the_differences():
    change = np.array([0.5, 1.0, 1.5, 2.0, 3.0])
    found = paired(np.zeros(5), change)
    assert found.effect == pytest.approx(change.mean() / change.std(ddof=1) * (1 - 3 / 15))
    assert found.rising == 1.0


def test_pairs_without_a_number_are_left_out():
    found = paired([1.0, math.nan, math.inf, 4.0], [2.0, 5.0, math.inf, 4.5])
    assert (found.interval.n, found.mean) == (2, 0.75)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_change_to_or_from_infinity_is_no_small_one(sign):
    found = paired([20.0, 21.0, 22.0], [sign * math.inf, 22.0, 24.0])
    assert (found.interval.n, found.mean) == (2, 1.5)
    found = paired([20.0, 21.0], [sign * math.inf] * 2)
    assert found.interval.n == 0
    assert math.isnan(found.mean)
    assert math.isnan(found.p)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, math.nan]) == pytest.approx([0.03, 0.06, 0.06, math.nan], nan_ok=True)
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
