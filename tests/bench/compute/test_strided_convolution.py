import pytest
import torch
import torch.nn.functional as F

from bench.compute.strided_convolution import folded_convolution
from tests.bench.compute.minimal_filtering.test_tiled_convolution import layer


@pytest.mark.parametrize("size", [(256, 256), (31, 31), (32, 45), (33, 34), (11, 12)])
@pytest.mark.parametrize(("taps", "stride", "padding"), [(11, 4, 2), (3, 2, 0), (4, 2, 1)])
def test_equals_the_direct_sum(size, taps, stride, padding):
    weight, bias = layer(16, 3, taps)
    x = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))
    expected = F.conv2d(x, weight, bias, stride, padding).relu()
    y = folded_convolution(weight, bias, stride=stride, padding=padding, size=size)(
        x.contiguous(memory_format=torch.channels_last)
    )
    torch.testing.assert_close(y, expected, atol=1e-5, rtol=1e-5)
