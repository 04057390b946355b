"""When two tracks are the same sound."""

import numpy as np
import pytest

from bench.audio import Audio
from bench.media.audio_reader import read_audio
from model.outside.same_sound import moved, same_sound
from tests.bench.footage import Sound, pictures, speech, write

RATE = 16000
SPOKEN = speech(6.0)
OTHER = speech(6.0, seed=1)


def audio(samples):
    return Audio(np.asarray(samples, np.int16), RATE)


def late(samples, seconds):
    return np.concatenate([np.zeros(round(seconds * RATE), np.int16), samples])


@pytest.mark.parametrize(
    "codec, suffix, rate",
    [("aac", "mp4", 44100), ("libmp3lame", "mkv", 16000), ("libopus", "webm", 48000), ("pcm_s16le", "mkv", 8000)],
)
def test_codecs_and_containers_leave_the_sound_the_same(tmp_path, codec, suffix, rate):
    video = "libvpx" if suffix == "webm" else "libx264"
    sound = Sound(speech(3.0, rate), rate, codec)
    path = write(tmp_path / f"a.{suffix}", pictures(75), codec=video, options={}, sounds=[sound])
    heard = read_audio(path)
    assert heard is not None
    assert same_sound(audio(SPOKEN[: 3 * RATE]), heard)
    assert not same_sound(audio(OTHER[: 3 * RATE]), heard)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(SPOKEN // 8, id="quieter"),
        pytest.param(-SPOKEN, id="turned over"),
        pytest.param(late(SPOKEN, 0.09), id="late by what codecs add"),
        pytest.param(SPOKEN[round(0.09 * RATE) :], id="early"),
        pytest.param(SPOKEN[: 2 * RATE], id="shorter"),
        pytest.param(SPOKEN + np.random.default_rng(0).normal(0, 500, len(SPOKEN)), id="with noise"),
    ],
)
def test_what_changes_no_word_leaves_it_the_same(changed):
    assert same_sound(audio(SPOKEN), audio(changed))


def test_other_words_are_another_sound():
    assert not same_sound(audio(SPOKEN), audio(OTHER))
    assert moved(audio(SPOKEN), audio(OTHER)) is None
    dubbed_in_part = np.concatenate([SPOKEN[: 4 * RATE], OTHER[4 * RATE :]])
    assert not same_sound(audio(SPOKEN), audio(dubbed_in_part))


@pytest.mark.parametrize("seconds", [0.2, 0.9])
def test_a_sound_that_was_moved_is_told_with_how_far(seconds):
    shifted = audio(late(SPOKEN, seconds))
    assert not same_sound(audio(SPOKEN), shifted)
    assert moved(audio(SPOKEN), shifted) == pytest.approx(seconds, abs=1 / RATE)
    assert moved(shifted, audio(SPOKEN)) == pytest.approx(-seconds, abs=1 / RATE)


def test_silence_is_like_silence_alone():
    silence = audio(np.zeros(RATE))
    assert same_sound(silence, audio(np.zeros(0)))
    assert not same_sound(silence, audio(SPOKEN))
    assert not same_sound(audio(SPOKEN), silence)
    assert moved(silence, audio(SPOKEN)) is None


def test_what_is_too_short_to_tell_is_not_told():
    assert same_sound(audio(SPOKEN[:2000]), audio(OTHER[:2000]))
