from fractions import Fraction
from itertools import pairwise

import pytest

from bench.media._frame_clock import FrameClock

BASE = Fraction(1, 25)


def times(*stamps: int | None, zero: float | None = None) -> tuple[list[float], int]:
    clock = FrameClock(period=0.04, zero=zero)
    found = [clock.time(stamp, BASE) for stamp in stamps]
    return found, clock.mended


def test_the_first_frame_is_at_zero_whatever_its_stamp():
    assert times(50, 51, 54) == (pytest.approx([0, 0.04, 0.16]), 0)


def test_a_known_zero_places_frames_read_after_a_jump():
    assert times(100, 101, zero=2.0) == (pytest.approx([2.0, 2.04]), 0)


def test_missing_stamps_follow_at_the_frame_rate():
    assert times(None, None, None) == (pytest.approx([0, 0.04, 0.08]), 3)
    assert times(0, None, 2) == (pytest.approx([0, 0.04, 0.08]), 1)


def test_a_missing_first_stamp_does_not_move_the_others():
    assert times(None, 11, 12) == (pytest.approx([0, 0.04, 0.08]), 1)


def test_equal_stamps_rise_by_a_millisecond_and_leave_the_others_in_place():
    assert times(0, 1, 1, 2) == (pytest.approx([0, 0.04, 0.041, 0.08]), 1)


def test_a_jump_backwards_goes_on_from_where_the_clip_is():
    assert times(0, 1, 2, 50, 51, 0, 1, 2) == (pytest.approx([0, 0.04, 0.08, 2.0, 2.04, 2.08, 2.12, 2.16]), 1)


def test_a_leap_of_hours_goes_on_from_where_the_clip_is():
    assert times(0, 1, 25 * 90000, 25 * 90000 + 1) == (pytest.approx([0, 0.04, 0.08, 0.12]), 1)


def test_times_always_rise():
    found, _ = times(5, 5, 5, 4, None, 3, 300, 0, 0, 1)
    assert all(later > earlier for earlier, later in pairwise(found))
