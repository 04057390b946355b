import numpy as np
import pytest

from bench.outcome import Skip
from bench.weights.resources import Resources
from tests.metrics.faces import FACE, NO_FACE, demo, outcome, told

TRACK = np.repeat(FACE, 6, 0)


@pytest.mark.parametrize("size", [256, 512])
def test_a_shift_is_its_length_at_256_pixels(size):
    resources, (ref, pred) = told(TRACK, TRACK + (3.0, 4.0, 9.0), size=size)
    result = outcome("akd", resources, pred, ref)
    assert result.value == pytest.approx(5.0 * 256 / size, rel=1e-6)
    assert result.n == 6
    np.testing.assert_allclose(result.per_frame, result.value)


def test_the_same_video_has_none():
    resources, (ref,) = told(TRACK)
    assert outcome("akd", resources, ref, ref).value == 0.0


def test_frames_without_a_face_on_either_side_are_left_out():
    blind = TRACK.copy()
    blind[1] = NO_FACE
    resources, (_, pred, blind) = told(TRACK, TRACK + (3.0, 4.0, 0.0), blind)
    for one, other in ((pred, blind), (blind, pred)):
        result = outcome("akd", resources, one, other)
        assert result.value == pytest.approx(5.0, rel=1e-6)
        assert result.n == 5
        assert np.isnan(result.per_frame).tolist() == [False, True, False, False, False, False]
        assert result.details == {"faces_lost": float(one is blind)}


def test_a_reference_without_a_face_is_skipped():
    resources, (ref, pred) = told(np.repeat(NO_FACE, 6, 0), TRACK)
    skip = outcome("akd", resources, pred, ref)
    assert isinstance(skip, Skip)
    assert "no face is found in the reference's 6 frames" in str(skip)


def test_a_prediction_that_loses_most_faces_has_failed():
    lost = TRACK.copy()
    lost[:4] = NO_FACE
    resources, (ref, pred) = told(TRACK, lost)
    result = outcome("akd", resources, pred, ref)
    assert result.status == "failed"
    assert "no face in 4 of the 6 frames" in result.reason


def test_the_video_moved_by_pixels_is_that_far():
    pixels, _ = demo("ada_01")
    moved = pixels.roll((3, 4), (2, 3))
    # The network does not see exactly the same: half a pixel of slack.
    assert outcome("akd", Resources(), moved, pixels).value == pytest.approx(5.0, abs=0.5)


def test_batch_size_does_not_change_it():
    pixels, _ = demo("ada_01")
    other, _ = demo("ben_01")
    resources = Resources()
    one, all_ = (outcome("akd", resources, pixels, other, batch=batch) for batch in (3, 16))
    np.testing.assert_allclose(one.per_frame, all_.per_frame, rtol=0, atol=1e-4)
