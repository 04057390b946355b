"""3×3 and 3×3×3 convolutions in chunks, beside the definition."""

import pytest
import torch
from torch.nn import functional as F

from bench.compute.minimal_filtering.chunked_convolution import ChunkedConvolution, _outputs, _signals
from bench.compute.minimal_filtering.transforms import transforms
from tests.bench.compute.minimal_filtering.definition import convolved

SHAPES = [(2, 1, 8, 10, 5, 7), (1, 1, 7, 9, 3, 4), (2, 3, 6, 4, 5, 7), (1, 16, 2, 2, 8, 3), (1, 1, 64, 64, 16, 24)]


def case(shape, seed=0):
    batch, depth, height, width, channels, out = shape
    generator = torch.Generator().manual_seed(seed)
    size = (3, 3) if depth == 1 else (3, 3, 3)
    x = torch.randn(batch, depth, height, width, channels, generator=generator)
    return x, torch.randn(out, channels, *size, generator=generator), torch.randn(out, generator=generator)


def definition(x, weight, bias, slope=1.0):
    """(B, D, H, W, C) → the same layout, float64."""
    weight = weight if weight.ndim == 5 else weight[:, :, None]
    out = convolved(x.movedim(-1, 1), weight, bias, padding=[size // 2 for size in weight.shape[2:]])
    return F.leaky_relu(out, slope).movedim(1, -1)


def assert_close(ours, theirs):
    assert ours.shape == theirs.shape
    assert (ours - theirs).abs().max() <= 1e-6 * theirs.abs().max()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("slope", [1.0, 0.0, 0.2])
def test_equals_the_direct_sum(shape, slope):
    x, weight, bias = case(shape)
    assert_close(ChunkedConvolution(weight, bias, slope=slope)(x), definition(x, weight, bias, slope=slope))


def test_in_many_chunks(monkeypatch):
    monkeypatch.setattr("bench.compute.minimal_filtering.chunked_convolution.CHUNK_BYTES", 20_000)
    x, weight, bias = case((1, 3, 14, 12, 5, 7))
    assert_close(ChunkedConvolution(weight, bias)(x), definition(x, weight, bias))


def test_is_no_less_exact_than_the_direct_sum_in_float32():
    x, weight, bias = case((1, 1, 16, 16, 512, 64))
    exact = definition(x, weight, bias)
    direct = F.conv2d(x[:, 0].movedim(-1, 1), weight, bias, padding=1).movedim(1, -1)[:, None]
    assert (ChunkedConvolution(weight, bias)(x) - exact).abs().max() <= 1.5 * (direct - exact).abs().max()


def test_the_sums_written_out_are_the_matrices():
    f = transforms(2, 3)
    tile = torch.randn(4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    signal, outputs = tile.new_empty(4, 4, 1, 1, 1, 1), tile.new_empty(1, 1, 2, 1, 2, 1)
    _signals(tile[None, :, :, None], signal)
    torch.testing.assert_close(signal.squeeze(), f.of_signal @ tile @ f.of_signal.T)
    _outputs(tile.view(4, 4, 1, 1, 1, 1).clone(), outputs, 1.0)
    torch.testing.assert_close(outputs.squeeze(), f.of_outputs @ tile @ f.of_outputs.T)
