"""Convolutions of pictures by minimal filtering, beside the definition."""

import pytest
import torch

from bench.compute.minimal_filtering.tiled_convolution import tiled_convolution
from tests.bench.compute.minimal_filtering.definition import convolved


def layer(outputs, inputs, taps, seed=0):
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(outputs, inputs, taps, taps, generator=generator) * (2 / (inputs * taps**2)) ** 0.5
    return weight, torch.randn(outputs, generator=generator) * 0.05


@pytest.mark.parametrize("size", [(15, 15), (31, 31), (13, 20), (16, 50), (4, 5)])
@pytest.mark.parametrize(("taps", "tile", "padding"), [(3, 3, 1), (3, 4, 1), (5, 4, 2), (5, 2, 2), (3, 2, 0)])
def test_equals_the_direct_sum(size, taps, tile, padding):
    weight, bias = layer(24, 16, taps)
    x = torch.randn(3, 16, *size, generator=torch.Generator().manual_seed(1)).relu()
    expected = convolved(x, weight, bias, padding=padding).relu()
    y = tiled_convolution(weight, bias, tile=tile, padding=padding, size=size)(x)
    assert y.shape == expected.shape
    assert (y - expected).abs().max() < 2e-5 * max(1, expected.abs().max())


@pytest.mark.parametrize("size", [(15, 15), (11, 12), (16, 19), (4, 4)])
def test_batches_and_threads_do_not_change_a_bit(size):
    convolve = tiled_convolution(*layer(64, 32, 3), tile=3, padding=1, size=(15, 15))
    x = torch.randn(7, 32, *size, generator=torch.Generator().manual_seed(1))
    whole, threads = convolve(x), torch.get_num_threads()
    for size in (1, 3):
        assert torch.equal(torch.cat([convolve(part) for part in x.split(size)]), whole)
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            assert torch.equal(convolve(x), whole)
    finally:
        torch.set_num_threads(threads)
