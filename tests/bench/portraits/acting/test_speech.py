"""Phonemes, mouth tracks and the sound they come from."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra 'portraits' is not installed")

from bench.errors import BenchError
from bench.portraits.acting import speech, visemes
from bench.portraits.acting.speech import Segment
from bench.portraits.acting.visemes import TRACKS
from bench.portraits.clip import shifted

espeak = pytest.mark.skipif(not speech.available(), reason="espeak-ng is not installed")
WORD = (Segment(0.2, 0.26, "m"), Segment(0.26, 0.42, "'A:"), Segment(0.42, 0.45, "p"), Segment(0.45, 0.6, "i:"))
FRAMES = (np.arange(25) + 0.5) / 25


def test_lips_are_sealed_through_bilabials_however_short():
    sealed = visemes.seal(WORD, FRAMES)
    for segment in (WORD[0], WORD[2]):
        assert sealed[np.abs(FRAMES - (segment.start + segment.end) / 2).argmin()] == 1
    assert sealed[np.abs(FRAMES - 0.34).argmin()] == 0
    assert visemes.seal((), FRAMES).max() == 0


def test_the_jaw_follows_the_vowels():
    jaw = visemes.mouth(WORD, FRAMES)[:, TRACKS.index("jaw")]
    assert jaw[np.abs(FRAMES - 0.32).argmin()] > 6
    assert jaw[np.abs(FRAMES - 0.52).argmin()] < 5
    assert jaw[-1] < 0.3
    assert (visemes.mouth((), FRAMES) == 0).all()


def test_tracks_are_smooth():
    fine = visemes.mouth(WORD, np.arange(0, 1, 0.002))
    assert np.abs(np.diff(fine[:, TRACKS.index("jaw")])).max() < 0.8


def test_long_symbols_are_split_and_marks_dropped():
    assert [part[2] for part in visemes.parts(Segment(0, 1, "'aI"))] == ["a", "I"]
    assert [part[2] for part in visemes.parts(Segment(0, 1, "tS"))] == ["t", "S"]
    assert visemes.parts(Segment(0, 1, "'O:"))[0][2] == "O"
    assert visemes.parts(Segment(0, 1, ""))[0][2] == ""


def test_shifted_sound_is_late_by_whole_frames():
    sound = np.arange(1, 4001, dtype=np.int16)
    late = shifted(sound, 1000, 100, 25.0, shift=5)
    assert len(late) == 4000
    assert (late[:200] == 0).all()
    assert np.array_equal(late[200:], sound[:3800])
    early = shifted(sound, 1000, 100, 25.0, shift=-5)
    assert np.array_equal(early[:3800], sound[200:])
    assert (shifted(sound, 1000, 100, 25.0, voiced=False) == 0).all()


@espeak
def test_spoken_segments_cover_the_sound_in_order():
    said = speech.speak("my mother bought a purple balloon")
    assert said.rate >= 16000
    assert len(said.samples) / said.rate > 1
    starts = [segment.start for segment in said.segments]
    assert starts == sorted(starts)
    for one, two in zip(said.segments[:-1], said.segments[1:], strict=True):
        assert one.end == pytest.approx(two.start)
    names = "".join(segment.name for segment in said.segments)
    assert names.count("b") >= 2
    assert names.count("p") == 2
    assert np.array_equal(speech.speak("my mother bought a purple balloon").samples, said.samples)


@espeak
def test_phoneme_times_agree_with_the_sound():
    """Vowels are loud and closures of p are not, where the segments say so."""
    said = speech.speak("papa papa papa", voice="en-us+f2")

    def loudness(segment: Segment) -> float:
        piece = said.samples[int(segment.start * said.rate) : int(segment.end * said.rate)].astype(float)
        return float(np.sqrt(np.mean(piece**2)))

    vowels = [loudness(s) for s in said.segments if s.name[:1] in "'a@" and s.name]
    stops = [loudness(s) for s in said.segments if s.name == "p"]
    assert len(stops) == 6
    assert np.median(vowels) > 2 * np.median(stops)


@espeak
def test_an_unknown_voice_is_the_users_mistake():
    with pytest.raises(BenchError, match="no voice 'nobody'"):
        speech.speak("hello", voice="nobody")
