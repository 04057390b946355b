import numpy as np
import pytest
import torch

from bench.errors import PredictionError
from bench.pixels import unit_float_to_uint8


def test_every_level_survives_the_way_to_float_and_back():
    levels = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(unit_float_to_uint8(levels.float() / 255), levels)


def test_rounding_is_numpys():
    pixels = torch.from_numpy(np.random.default_rng(0).random((2, 3, 40, 40), dtype=np.float32))
    assert np.array_equal(unit_float_to_uint8(pixels).numpy(), np.rint(pixels.numpy().astype(np.float64) * 255))


def test_ties_go_to_even():
    assert unit_float_to_uint8(torch.tensor([0.5 / 255, 1.5 / 255, 2.5 / 255], dtype=torch.float64)).tolist() == [
        0,
        2,
        2,
    ]


def test_rounding_errors_at_the_ends_are_taken_back():
    assert unit_float_to_uint8(torch.tensor([-9e-7, 1 + 9e-7])).tolist() == [0, 255]


@pytest.mark.parametrize("bad", [-2e-6, 1.00001, float("inf"), float("-inf")])
def test_values_out_of_range_are_refused_never_clipped(bad):
    with pytest.raises(PredictionError, match="not within 0 to 1"):
        unit_float_to_uint8(torch.tensor([0.3, bad]))


def test_nan_is_refused_and_counted():
    with pytest.raises(PredictionError, match="2 values"):
        unit_float_to_uint8(torch.tensor([float("nan"), 0.5, float("nan")]))


def test_nothing_stays_nothing():
    assert unit_float_to_uint8(torch.empty(0, 3, 4, 4)).shape == (0, 3, 4, 4)
