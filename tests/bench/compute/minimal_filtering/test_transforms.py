"""Minimal filtering equals filtering."""

from fractions import Fraction

import pytest
import torch

from bench.compute.minimal_filtering.transforms import matrices, tiles, transforms
from tests.bench.compute.minimal_filtering.definition import convolved


@pytest.mark.parametrize(
    ("outputs", "taps", "points"), [(2, 3, "0 1 -1"), (2, 5, "0 1 -1 2 -2"), (4, 5, "0 1 -1 2 -2 1/2 -1/2")]
)
def test_equals_correlation(outputs, taps, points):
    a, g, b = matrices(outputs, taps, [Fraction(p) for p in points.split()])
    draw = torch.Generator().manual_seed(3)
    x = torch.randn(outputs + taps - 1, generator=draw, dtype=torch.float64)
    f = torch.randn(taps, generator=draw, dtype=torch.float64)
    expected = convolved(x[None, None], f[None, None])[0, 0]
    torch.testing.assert_close(a @ ((g @ f) * (b @ x)), expected, rtol=1e-12, atol=1e-12)


def test_points_must_differ_and_suffice():
    with pytest.raises(ValueError, match="3 different points"):
        matrices(2, 3, [Fraction(0), Fraction(1), Fraction(1)])


@pytest.mark.parametrize(("outputs", "taps"), [(2, 3), (3, 3), (4, 3), (4, 5)])
def test_the_unit_product_is_in_every_output_once(outputs, taps):
    f = transforms(outputs, taps)
    assert torch.equal(f.of_outputs[:, f.unit], torch.ones(outputs, dtype=torch.float64))
    both = torch.kron(f.of_outputs, f.of_outputs)
    assert torch.equal(both[:, f.centre], torch.ones(outputs**2, dtype=torch.float64))


def test_transformed_kernels_are_the_tile_by_tile_sum():
    f = transforms(2, 3)
    draw = torch.Generator().manual_seed(4)
    weight, tile = torch.randn(5, 3, 3, 3, generator=draw), torch.randn(1, 3, 4, 4, generator=draw)
    signal = torch.einsum("pi,qj,cij->pqc", f.of_signal, f.of_signal, tile[0].double()).reshape(16, 1, 3)
    products = (signal @ f.kernels(weight)).view(4, 4, 5)
    outputs = torch.einsum("ip,jq,pqk->kij", f.of_outputs, f.of_outputs, products)
    torch.testing.assert_close(outputs, convolved(tile, weight)[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("length", range(3, 12))
@pytest.mark.parametrize(("outputs", "taps", "padding"), [(2, 3, 1), (3, 3, 1), (4, 5, 2), (2, 3, 0)])
def test_tiles_cover_every_output_and_none_is_empty(length, outputs, taps, padding):
    count, behind = tiles(length, outputs, taps, padding)
    wanted = length + 2 * padding - taps + 1
    assert (count - 1) * outputs < wanted <= count * outputs
    assert padding + length + behind == count * outputs + taps - 1
