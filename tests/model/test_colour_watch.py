"""Accidents with colour are told, and nothing else is."""

import pytest
import torch

from bench.frames import Frames
from bench.rows import ORIGINAL
from model.colour_watch import ColourWatch, look
from tests.films import portrait_frames

REFERENCE = torch.from_numpy(portrait_frames(20, size=96))
LEVELS = REFERENCE.float()
GREY = LEVELS.mean(1, keepdim=True).expand_as(LEVELS)
BLURRED = torch.nn.functional.avg_pool2d(LEVELS, 9, 1, 4)
NOISE = torch.randn(LEVELS.shape, generator=torch.Generator().manual_seed(0))
EXCHANGED = ["has red and blue exchanged (OpenCV reads and writes BGR)"]
PALER = ["is paler than it should be, as if limited range (16 to 235) were taken for full"]
DARKER = ["is darker than it should be, as if full range were taken for limited (16 to 235)"]


def told(prediction, target=REFERENCE, batch=6):
    watch = ColourWatch()
    pixels = prediction.clamp(0, 255).round().byte()
    for start in range(0, len(pixels), batch):
        part = target if len(target) == 1 else target[start : start + batch]
        watch.look(Frames.of(pixels[start : start + batch], start=start), part)
    return list(watch.told())


@pytest.mark.parametrize(
    "prediction, expected",
    [
        pytest.param(GREY, ["is grey, and should have colour"], id="grey"),
        pytest.param(LEVELS.flip(1), EXCHANGED, id="BGR"),
        pytest.param(BLURRED.flip(1) + 10 * NOISE, EXCHANGED, id="BGR of a poor model"),
        pytest.param(LEVELS * 219 / 255 + 16, PALER, id="limited as full"),
        pytest.param((LEVELS - 16) * 255 / 219, DARKER, id="full as limited"),
        pytest.param((LEVELS * 219 / 255 + 16).flip(1), EXCHANGED + PALER, id="two accidents"),
        pytest.param(LEVELS, [], id="the same"),
        pytest.param(BLURRED + 10 * NOISE, [], id="a poor model"),
        pytest.param(LEVELS[:1].expand_as(LEVELS), [], id="still"),
        pytest.param(GREY * torch.tensor([1.07, 0.9, 0.7])[:, None, None], [], id="sepia"),
        pytest.param(LEVELS * 0.9, [], id="darker"),
        pytest.param((LEVELS - 114) * 0.8 + 114, [], id="less contrast"),
        pytest.param(255 * (LEVELS / 255) ** 1.2, [], id="gamma"),
        pytest.param(LEVELS.flip(0), [], id="another order"),
    ],
)
@pytest.mark.parametrize("batch", [1, 6, 20])
def test_accidents_are_told_whatever_the_batch(prediction, expected, batch):
    assert told(prediction, batch=batch) == expected


def test_grey_beside_grey_is_right():
    assert told(GREY, GREY.round().byte()) == []


def test_one_frame_with_colour_is_enough():
    part = GREY.clone()
    part[8] = LEVELS[8]
    assert told(part) == []


def test_without_frames_nothing_is_told():
    assert list(ColourWatch().told()) == []


def test_predictions_are_held_against_their_own_frames_or_a_given_source():
    """A row that begins late is compared with the reference's frames from there on."""
    watches = {ORIGINAL: ColourWatch(), None: ColourWatch()}
    reference = Frames.of(REFERENCE)
    grey = GREY.round().byte()
    look({ORIGINAL: watches[ORIGINAL]}, {ORIGINAL: Frames.of(REFERENCE[1:], start=1)}, reference, source=None)
    assert list(watches[ORIGINAL].told()) == []
    assert watches[ORIGINAL].red_blue[2] ** 2 == pytest.approx(watches[ORIGINAL].red_blue[:2].prod())
    look({None: watches[None]}, {None: Frames.of(grey)}, Frames.of(grey), source=REFERENCE[0])
    assert list(watches[None].told()) == ["is grey, and should have colour"]
