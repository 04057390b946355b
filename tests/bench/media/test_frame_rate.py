"""Frames by time: what a viewer at 25 frames a second would be shown."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.media.frame_rate import Resampler


def resampled(times, fps, batch=7):
    resampler = Resampler(fps)
    chosen = []
    for start in range(0, len(times), batch):
        chosen += resampler.push(times[start : start + batch])
    return chosen + resampler.close()


def nearest(times, fps):
    """The definition, with the whole video at hand."""
    count = int(np.floor((times[-1] + 1 / fps) * 25 + 0.5))
    gaps = np.abs(np.arange(count)[:, None] / 25 - times[None])
    return [int(np.flatnonzero(row <= row.min() + 1e-6)[0]) for row in gaps]


def test_25_fps_passes_unchanged():
    assert resampled(np.arange(100) / 25, 25.0) == list(range(100))
    rounded = np.round(np.arange(100) / 25 * 12800) / 12800 + 1e-7
    assert resampled(rounded, 25.0) == list(range(100))


@pytest.mark.parametrize(
    ("fps", "frames"), [(30.0, 150), (30000 / 1001, 100), (24000 / 1001, 97), (15.0, 31), (50, 80)]
)
@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_constant_rates_against_the_definition(fps, frames, batch):
    times = np.arange(frames) / fps
    got = resampled(times, fps, batch)
    assert got == nearest(times, fps)
    assert len(got) == pytest.approx(frames / fps * 25, abs=0.51)


@given(st.lists(st.floats(0.005, 0.3), min_size=1, max_size=60), st.floats(0, 0.1), st.integers(1, 9))
def test_variable_rates_against_the_definition(durations, late, batch):
    times = late + np.cumsum([0.0, *durations])[:-1]
    got, expected = resampled(times, 25.0, batch), nearest(times, 25.0)
    assert len(got) == len(expected)
    target = np.arange(len(got)) / 25
    gaps = [np.abs(target - times[chosen]) for chosen in (got, expected)]
    np.testing.assert_allclose(gaps[0], gaps[1], atol=3e-6)
    assert got == sorted(got)


def test_one_frame_and_none():
    assert resampled(np.array([0.0]), 25.0) == [0]
    assert resampled(np.empty(0), 25.0) == []
