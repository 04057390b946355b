import pytest
import torch
import torch.nn.functional as F

from bench.compute.bilinear import bilinear
from tests.metrics.pictures import scene


@pytest.mark.parametrize("size", [(256, 256), (64, 80), (299, 299), (640, 313), (1, 1), (3, 500)])
def test_equals_interpolate(size):
    x = scene(2, *size).float()
    expected = F.interpolate(x, size=(299, 299), mode="bilinear", align_corners=False, antialias=False)
    torch.testing.assert_close(bilinear(x, 299, 299), expected, atol=1e-3, rtol=0)


def test_constant_and_ramp():
    torch.testing.assert_close(bilinear(torch.full((1, 3, 7, 9), 5.0), 20, 30), torch.full((1, 3, 20, 30), 5.0))
    ramp = torch.arange(10.0).expand(1, 3, 4, 10)
    expected = ((torch.arange(20) + 0.5) / 2 - 0.5).clamp(0, 9)
    torch.testing.assert_close(bilinear(ramp, 4, 20)[0, 2, 3], expected)


def test_threads_do_not_change_a_bit():
    x = scene(3, 251, 256).float()
    threads = torch.get_num_threads()
    try:
        results = []
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            results.append(bilinear(x, 299, 299))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(results[0], results[1])
    assert torch.equal(results[0], results[2])
