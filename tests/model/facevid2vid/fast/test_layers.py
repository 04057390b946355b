"""Fast convolutions beside the definition in float64."""

import pytest
import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from model.facevid2vid.fast.fourier import FourierConv3d
from model.facevid2vid.fast.layers import Algorithms, pool, trilinear, up_conv
from model.facevid2vid.fast.nearest import NearestConv
from tests.bench.compute.minimal_filtering.definition import convolved

SHAPES = [(2, 1, 8, 10, 5, 7), (1, 1, 7, 9, 3, 4), (2, 3, 6, 4, 5, 7), (1, 16, 2, 2, 8, 3), (1, 1, 64, 64, 16, 24)]


def case(shape, kernel, seed=0):
    batch, depth, height, width, channels, out = shape
    generator = torch.Generator().manual_seed(seed)
    size = (kernel, kernel) if depth == 1 else (kernel,) * 3
    x = torch.randn(batch, depth, height, width, channels, generator=generator)
    return x, torch.randn(out, channels, *size, generator=generator), torch.randn(out, generator=generator)


def definition(x, weight, bias, factor=1, slope=1.0):
    """(B, D, H, W, C) → the same layout, float64."""
    x = x.double().movedim(-1, 1)
    if factor > 1:
        x = F.interpolate(x, scale_factor=(1, factor, factor))
    weight = weight.double() if weight.ndim == 5 else weight.double()[:, :, None]
    out = convolved(x, weight, bias, padding=[size // 2 for size in weight.shape[2:]])
    return F.leaky_relu(out, slope).movedim(1, -1)


def assert_close(ours, theirs):
    assert ours.shape == theirs.shape
    assert (ours - theirs).abs().max() <= 1e-6 * theirs.abs().max()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("slope", [1.0, 0.2])
def test_nearest(shape, factor, slope):
    x, weight, bias = case(shape, 3)
    layer = NearestConv(weight, bias, factor=factor, slope=slope)
    assert_close(layer(x), definition(x, weight, bias, factor, slope))


def test_nearest_needs_nine_products_a_pixel():
    x, weight, bias = case((1, 1, 8, 8, 4, 6), 3)
    layer = NearestConv(weight, bias, factor=4)
    with FlopCounterMode(display=False) as counter:
        layer(x)
    assert counter.get_total_flops() == 2 * 9 * 64 * 4 * 6


@pytest.mark.parametrize(
    ("shape", "kernel", "tile"),
    [((2, 4, 16, 16, 3, 2), 7, 16), ((1, 5, 9, 21, 3, 2), 3, 8), ((1, 2, 33, 40, 2, 3), 7, 16)],
)
def test_fourier(shape, kernel, tile):
    x, weight, bias = case(shape, kernel)
    assert_close(FourierConv3d(weight, bias, tile=tile)(x), definition(x, weight, bias))


@pytest.mark.parametrize("minimal", [False, True])
@pytest.mark.parametrize("shape", [(2, 1, 8, 8, 3, 4), (2, 4, 8, 8, 3, 4)])
def test_layers_take_maps_and_volumes(minimal, shape):
    x, weight, bias = case(shape, 3)
    whole = definition(x, weight, bias, slope=0.2)
    up = definition(x, weight, bias, 2, 0.2)
    if weight.ndim == 4:
        x, whole, up = x[:, 0], whole[:, 0], up[:, 0]
    assert_close(Algorithms(minimal).conv(weight, bias, slope=0.2)(x), whole)
    assert_close(up_conv(weight, bias, slope=0.2)(x), up)


def test_pool_and_trilinear_are_those_of_the_library():
    x = torch.randn(2, 3, 4, 6, 5)
    torch.testing.assert_close(pool(x).movedim(-1, 1), F.avg_pool3d(x.movedim(-1, 1), (1, 2, 2)))
    up = F.interpolate(x.movedim(-1, 1), scale_factor=(1, 2, 2), mode="trilinear", align_corners=False)
    torch.testing.assert_close(trilinear(x).movedim(-1, 1), up)


@pytest.mark.parametrize("minimal", [False, True])
def test_bands_are_the_rows_of_the_whole(minimal, monkeypatch):
    monkeypatch.setattr("bench.compute.minimal_filtering.chunked_convolution.CHUNK_BYTES", 20_000)
    x, weight, bias = case((2, 1, 12, 8, 5, 7), 3)
    layer = Algorithms(minimal).banded(weight, bias)
    seen = torch.full((2, 12, 8, 7), torch.nan)
    for sample, rows, band in layer.bands(x[:, 0]):
        seen[sample, rows] = band
    assert_close(seen, definition(x, weight, bias)[:, 0])
