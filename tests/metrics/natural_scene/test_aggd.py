import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gamma

from metrics.natural_scene.aggd import Shapes, Sides, sums

GRID = Shapes(10.001)


def fit(values, *, zeros_are_right=False):
    return GRID.fit(Sides.of(sums(values).numpy()), zeros_are_right=zeros_are_right)


@pytest.mark.parametrize(("shape", "left", "right"), [(2.0, 1.0, 1.0), (1.0, 0.5, 2.0), (0.6, 2.0, 0.7)])
def test_recovers_the_distribution_that_was_drawn_from(shape, left, right):
    generator = np.random.default_rng(0)
    size = generator.gamma(1 / shape, size=400_000) ** (1 / shape)
    sign = generator.random(size.size) < left / (left + right)
    values = torch.from_numpy(np.where(sign, -left * size, right * size))[None]
    found = fit(values)
    assert found.shape[0] == pytest.approx(shape, rel=0.02)
    assert found.left[0] == pytest.approx(left, rel=0.03)
    assert found.right[0] == pytest.approx(right, rel=0.03)
    assert found.mean[0] == pytest.approx((right - left) * gamma(2 / shape) / gamma(1 / shape), abs=0.03)


@given(st.lists(st.floats(-1, 2), min_size=1, max_size=20))
def test_bisection_finds_what_a_search_of_the_whole_grid_finds(ratios):
    alpha = np.arange(0.2, 10.001, 0.001)
    table = gamma(2 / alpha) ** 2 / (gamma(1 / alpha) * gamma(3 / alpha))
    wanted = [int(np.argmin(np.abs(table - ratio))) for ratio in ratios]
    assert GRID.nearest(np.array(ratios)).tolist() == wanted


def test_no_number_gives_the_first_shape_as_a_search_for_the_least_does():
    assert GRID.nearest(np.array([np.nan, 0.0])).tolist() == [0, 0]


def test_a_side_without_values_has_no_scale_or_no_width():
    values = torch.tensor([[0.0, 0.0, 1.0, 2.0]], dtype=torch.float64)
    assert np.isnan(fit(values).left[0])
    assert fit(values, zeros_are_right=True).left[0] == 0.0


def test_sums_of_both_sides():
    assert sums(torch.tensor([[-3.0, 0.0, 1.0, 2.0]], dtype=torch.float64)).tolist() == [[-3, 9, 1, 3, 5, 2, 4]]
