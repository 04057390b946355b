"""Frames that hold several pictures."""

import pytest
import torch

from bench.clips import Box
from model.outside.panels import Panels, how_to_crop
from tests.films import portrait_frames


@pytest.mark.parametrize(
    "frame, picture, expected",
    [
        ((256, 768), (256, 256), Panels(3, 1, 256, 256)),
        ((512, 256), (256, 256), Panels(1, 2, 256, 256)),
        ((512, 768), (256, 256), Panels(3, 2, 256, 256)),
        ((512, 512), (256, 256), Panels(2, 2, 256, 256)),
        ((512, 1536), (256, 256), Panels(3, 1, 512, 512)),
        ((480, 1280), (480, 640), Panels(2, 1, 640, 480)),
        ((960, 640), (240, 320), Panels(1, 2, 640, 480)),
        ((720, 640), (240, 320), Panels(2, 3, 320, 240)),
        ((256, 256), (256, 256), None),
        ((256, 300), (256, 256), None),
        ((128, 128), (256, 256), None),
        ((256, 256 * 17), (256, 256), None),
    ],
)
def test_layouts_are_told_by_their_sizes(frame, picture, expected):
    assert Panels.of(frame, picture) == expected


def test_panels_are_numbered_in_reading_order():
    panels = Panels(3, 2, 5, 4)
    assert [panels.box(number) for number in (1, 3, 4)] == [Box(0, 0, 5, 4), Box(10, 0, 15, 4), Box(0, 4, 5, 8)]
    pixels = torch.arange(8 * 15).reshape(1, 1, 8, 15)
    assert panels.cut(pixels, 5).tolist() == pixels[:, :, 4:8, 5:10].tolist()


def frames(seed):
    return torch.from_numpy(portrait_frames(6, size=32, seed=seed))


def test_the_panel_that_is_most_like_the_reference_is_told():
    reference = frames(0)
    source = reference[:1].expand_as(reference)
    ours = (reference.float() * 0.8).byte()
    side_by_side = torch.cat([source, reference, ours], dim=3)
    panels = Panels.of((32, 96), (32, 32))
    assert panels is not None
    assert panels.most_alike(side_by_side, reference) == 2
    assert Panels(2, 1, 32, 32).most_alike(torch.cat([source, reference], dim=3), reference) == 2
    told = how_to_crop(panels, 2)
    assert "3 panels side by side, of which number 2 is most like the clip" in told
    assert told.endswith("--panel 3, or crop it with ffmpeg -vf crop=32:32:64:0")
    assert "of which the last, number 3, is most like the clip:" in how_to_crop(panels, 3)


def test_a_larger_picture_is_no_grid():
    reference = frames(0)
    panels = Panels.of((64, 64), (32, 32))
    assert panels is not None
    larger = torch.nn.functional.interpolate(reference.float(), scale_factor=2).byte()
    assert panels.most_alike(larger, reference) == 0
    grid = torch.cat([torch.cat([reference, frames(2)], dim=3), torch.cat([frames(3), frames(4)], dim=3)], dim=2)
    assert panels.most_alike(grid, reference) == 1


@pytest.mark.parametrize(
    "panels, words",
    [
        (Panels(2, 1, 8, 8), "2 panels side by side"),
        (Panels(1, 3, 8, 8), "3 panels one above the other"),
        (Panels(3, 2, 8, 8), "6 panels, 3 by 2"),
    ],
)
def test_layouts_have_words(panels, words):
    assert str(panels) == words
