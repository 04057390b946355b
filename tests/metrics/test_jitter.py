import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.outcome import Skip
from bench.weights.resources import Resources
from metrics.jitter import acceleration
from tests.metrics.faces import FACE, NO_FACE, demo, outcome, told

COUNT = 20
RNG = np.random.default_rng(0)
STILL = np.repeat(FACE, COUNT, 0)
SMOOTH = STILL + np.linspace(0, 30, COUNT)[:, None, None]
SHIFTS = RNG.integers(-1, 2, (COUNT, 1, 2)).astype(float)


def shaken(track):
    return track + np.concatenate([SHIFTS, np.zeros((COUNT, 1, 1))], 2)


def added():
    """Mean length of the shifts' second difference: what shaking adds to a track of constant speed."""
    return np.mean(np.hypot(*np.diff(SHIFTS[:, 0], n=2, axis=0).T))


@pytest.mark.parametrize("track", [STILL, SMOOTH])
def test_known_shifts_are_measured(track):
    resources, (ref, pred) = told(track, shaken(track))
    result = outcome("jitter", resources, pred, ref)
    assert result.value == pytest.approx(added(), rel=1e-4)
    assert result.details["reference"] == pytest.approx(0, abs=1e-4)
    assert outcome("jitter", resources, ref, pred).value == pytest.approx(-added(), rel=1e-4)


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_batch_size_does_not_change_it(batch):
    resources, (ref, pred) = told(SMOOTH, shaken(STILL))
    whole, parts = (outcome("jitter", resources, pred, ref, batch=size) for size in (64, batch))
    np.testing.assert_array_equal(whole.per_frame, parts.per_frame)
    assert parts.n == COUNT - 2
    assert np.isnan(parts.per_frame[[0, -1]]).all()


@given(st.integers(3, 8), st.floats(-5, 5), st.floats(-5, 5))
def test_constant_speed_is_no_jitter(count, x, y):
    track = FACE[:, :68, :2] + np.arange(count)[:, None, None] * (x, y)
    np.testing.assert_allclose(acceleration(track), 0, atol=1e-9)


def test_a_missing_face_takes_its_three_triples_with_it():
    track = shaken(STILL)
    track[6] = NO_FACE
    resources, (ref, pred) = told(STILL, track)
    result = outcome("jitter", resources, pred, ref)
    assert result.n == COUNT - 2 - 3
    assert np.flatnonzero(np.isnan(result.per_frame)).tolist() == [0, 5, 6, 7, COUNT - 1]


@pytest.mark.parametrize("count", [1, 2])
def test_clips_of_less_than_three_frames_are_skipped(count):
    resources, (ref,) = told(STILL[:count])
    assert isinstance(outcome("jitter", resources, ref, ref), Skip)


def test_a_still_video_has_none_and_shaking_it_is_seen():
    still = demo("ada_01")[0][:1].repeat(COUNT, 1, 1, 1)
    shifts = SHIFTS[:, 0].astype(int)
    pred = still.clone()
    for index, (x, y) in enumerate(shifts.tolist()):
        pred[index] = still[index].roll((y, x), (1, 2))
    result = outcome("jitter", Resources(), pred, still)
    assert result.details["reference"] == 0.0
    assert result.value == pytest.approx(added(), rel=0.25)
