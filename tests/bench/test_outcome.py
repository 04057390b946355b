import numpy as np

from bench.outcome import Outcome


def test_the_clips_value_is_the_mean_of_its_frames():
    outcome = Outcome.of_frames(np.array([1.0, 2.0, 6.0]))
    assert (outcome.status, outcome.value, outcome.n, outcome.infinite) == ("value", 3.0, 3, 0)


def test_infinite_frames_are_kept_out_and_counted():
    outcome = Outcome.of_frames(np.array([30.0, np.inf, 32.0]))
    assert (outcome.value, outcome.n, outcome.infinite) == (31.0, 3, 1)


def test_a_clip_of_infinite_frames_is_infinite():
    outcome = Outcome.of_frames(np.array([np.inf, np.inf]))
    assert (outcome.value, outcome.infinite) == (np.inf, 2)


def test_nan_is_never_averaged_away():
    outcome = Outcome.of_frames(np.array([1.0, np.nan]))
    assert outcome.status == "failed"
    assert "frame 1" in outcome.reason


def test_no_frames_is_a_failure():
    assert Outcome.of_frames(np.empty(0)).status == "failed"
