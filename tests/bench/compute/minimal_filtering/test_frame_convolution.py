"""Convolutions over the frames of a stream, beside the definition."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from bench.compute.minimal_filtering.frame_convolution import frame_convolution
from tests.bench.compute.minimal_filtering.definition import convolved


def case(windows, taps, size=(21, 18)):
    draw = torch.Generator().manual_seed(7)
    frames = torch.randint(0, 256, (windows + taps - 1, 3, *size), dtype=torch.uint8, generator=draw)
    return frames, torch.randn(6, 3, taps, 5, 4, generator=draw) / 100


@pytest.mark.parametrize(("windows", "taps"), [(4, 5), (2, 5), (2, 3)])
@pytest.mark.parametrize("stride", [1, 2])
def test_equals_the_direct_sum(windows, taps, stride):
    frames, weight = case(windows, taps)
    expected = convolved(frames.transpose(0, 1)[None], weight, stride=(1, stride, stride))[0].transpose(0, 1)
    convolve = frame_convolution(weight, windows=windows, stride=stride, device=torch.device("cpu"))
    ours = convolve.convolved(convolve.mixed(frames))
    assert ours.shape == expected.shape
    assert (ours - expected).abs().max() <= 1e-5 * expected.abs().max()


def test_rows_alone_are_rows_of_the_whole():
    frames, weight = case(4, 5)
    convolve = frame_convolution(weight, windows=4, stride=2, device=torch.device("cpu"))
    mixes = convolve.mixed(frames)
    torch.testing.assert_close(convolve.convolved(mixes[:, :, :, 4:15]), convolve.convolved(mixes)[:, :, 2:6])


def test_takes_eight_convolutions_where_the_definition_takes_twenty():
    frames, weight = case(4, 5)
    convolve = frame_convolution(weight, windows=4, stride=1, device=torch.device("cpu"))
    mixes = convolve.mixed(frames)
    with FlopCounterMode(display=False) as counter:
        convolve.convolved(mixes)
    places = (21 - 4) * (18 - 3) * 6
    assert counter.get_total_flops() == 2 * places * (8 * 3 * 5 * 4 + 4 * 8)  # then the mix of 8 to 4 windows
