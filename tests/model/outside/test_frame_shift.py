"""Early and late predictions, told from how their pictures move."""

import numpy as np
import pytest
import torch

from model.outside.frame_shift import FARTHEST, WINDOW, Beginning, frame_shift

COUNT = 120


def motion(count, seed=0):
    """(count, 3, 64, 64) uint8: a light on a slope, wandering as a head does, never the same way twice."""
    walk = np.random.default_rng(seed).normal(0, 1, (count, 2)).cumsum(0)
    walk = np.stack([np.convolve(axis, np.ones(5) / 5, mode="same") for axis in walk.T], axis=1)
    walk = 32 + 10 * walk / np.abs(walk).max()
    rows, columns = np.mgrid[:64, :64]
    far = np.square(rows - walk[:, :1, None]) + np.square(columns - walk[:, 1:, None])
    grey = 40 + columns + 120 * np.exp(-far / 200)
    return torch.from_numpy(np.repeat(grey.round().astype(np.uint8)[:, None], 3, axis=1))


def small(pixels):
    beginning = Beginning()
    beginning.add(pixels)
    return beginning.array()


VIDEO = motion(COUNT)
REFERENCE = small(VIDEO)


def moved(shift, video=VIDEO):
    """A prediction whose frame 0 shows the video's frame `shift`; before the first it stands still."""
    return video[shift:] if shift >= 0 else torch.cat([video[:1].expand(-shift, -1, -1, -1), video])


@pytest.mark.parametrize(
    "shift, count",
    [*((shift, COUNT) for shift in (-11, -2, -1, 0, 1, 2, 11)), *((shift, 40) for shift in (-4, -1, 0, 1, 4)), (1, 13)],
)
def test_a_shift_is_found(shift, count):
    video = VIDEO[:count]
    assert frame_shift(small(moved(shift, video)), small(video)) == shift


@pytest.mark.parametrize("shift", [-1, 0, 3])
def test_also_of_a_model_that_is_far_from_the_truth(shift):
    """It moves half as much, is darker, blurred, and trembles."""
    shown = moved(shift).float()
    still = shown[:1]
    blurred = torch.nn.functional.avg_pool2d(0.5 * (shown - still) + still, 5, 1, 2) * 0.7
    noise = torch.from_numpy(np.random.default_rng(1).normal(0, 1.5, blurred.shape))
    assert frame_shift(small((blurred + noise).clamp(0, 255).byte()), REFERENCE) == shift


@pytest.mark.parametrize(
    "prediction",
    [
        pytest.param(VIDEO[:1].expand_as(VIDEO), id="still"),
        pytest.param(motion(COUNT, seed=7), id="another's motion"),
        pytest.param(VIDEO.flip(0), id="backwards"),
        pytest.param(torch.cat([VIDEO[:40], VIDEO[43:]]), id="frames lost on the way"),
        pytest.param(VIDEO[1:11], id="too short"),
        pytest.param(moved(FARTHEST), id="as far as is looked"),
        pytest.param(moved(FARTHEST + 5), id="farther"),
    ],
)
def test_nothing_is_said_where_it_is_not_clear(prediction):
    assert frame_shift(small(prediction), REFERENCE) is None


def test_a_still_reference_tells_nothing():
    still = VIDEO[:1].expand_as(VIDEO).float()
    one, other = (still + torch.from_numpy(np.random.default_rng(seed).normal(0, 2, still.shape)) for seed in (2, 3))
    assert frame_shift(small(one.byte()[1:]), small(other.byte())) is None


def test_a_motion_that_repeats_itself_has_no_shift_of_its_own():
    turning = motion(8).repeat(10, 1, 1, 1)
    assert frame_shift(small(turning[1:]), small(turning)) is None


def test_only_the_first_frames_are_kept_however_they_come():
    video = VIDEO[:50].repeat(7, 1, 1, 1)
    beginning = Beginning()
    beginning.fill(video.split(37))
    assert beginning.array().shape[0] == WINDOW
    assert np.array_equal(beginning.array(), small(video))
