"""The slow twin is the library's convolution."""

import pytest
import torch
from torch.nn import functional as F

from tests.bench.compute.minimal_filtering.definition import convolved


@pytest.mark.parametrize(("padding", "stride"), [(0, 1), ((1, 0, 2), (1, 2, 3))])
def test_equals_the_librarys_convolution(padding, stride):
    draw = torch.Generator().manual_seed(8)
    x = torch.randn(2, 3, 5, 9, 8, generator=draw, dtype=torch.float64)
    weight = torch.randn(4, 3, 2, 3, 5, generator=draw, dtype=torch.float64)
    bias = torch.randn(4, generator=draw, dtype=torch.float64)
    expected = F.conv3d(x, weight, bias, padding=padding, stride=stride)
    torch.testing.assert_close(convolved(x, weight, bias, padding=padding, stride=stride), expected)
