"""Minimal filtering equals filtering."""

from fractions import Fraction

import pytest
import torch

from bench.compute.minimal_filtering import matrices


@pytest.mark.parametrize(
    ("outputs", "taps", "points"), [(2, 3, "0 1 -1"), (2, 5, "0 1 -1 2 -2"), (4, 5, "0 1 -1 2 -2 1/2 -1/2")]
)
def test_equals_correlation(outputs, taps, points):
    a, g, b = matrices(outputs, taps, [Fraction(p) for p in points.split()])
    draw = torch.Generator().manual_seed(3)
    x = torch.randn(outputs + taps - 1, generator=draw, dtype=torch.float64)
    f = torch.randn(taps, generator=draw, dtype=torch.float64)
    expected = torch.stack([x[i : i + taps] @ f for i in range(outputs)])
    torch.testing.assert_close(a @ ((g @ f) * (b @ x)), expected, rtol=1e-12, atol=1e-12)


def test_points_must_differ_and_suffice():
    with pytest.raises(ValueError, match="3 different points"):
        matrices(2, 3, [Fraction(0), Fraction(1), Fraction(1)])
