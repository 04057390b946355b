"""AVI files: what is merely estimated is no damage, and frames come evenly where they were written so."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from bench.media._avi_clock import SlotClock, Slots
from bench.media.audio_reader import read_audio
from bench.media.probe import probe
from bench.media.video_reader import VideoReader
from tests.bench.footage import Sound, lag, numbers, pictures, speech, write

TICK = Fraction(1, 25)


def read(path: Path) -> tuple[list[int], np.ndarray, tuple[str, ...]]:
    with VideoReader(path) as reader:
        batches = list(reader)
    times = np.concatenate([batch.times for batch in batches])
    return numbers(np.concatenate([batch.pixels.numpy() for batch in batches])), times, reader.warnings


@pytest.mark.parametrize("codec", ["mpeg4", "mjpeg", "ffv1", "libx264"])
def test_an_empty_slot_behind_the_first_frame_is_repaired(tmp_path, codec):
    """As `ffmpeg -i talk.mp4 -qscale:v 2 -async 1 -r 25 video.avi` writes it: 75 frames in 76 slots."""
    path = write(
        tmp_path / "talk.avi",
        pictures(75),
        codec=codec,
        pix_fmt="yuvj420p" if codec == "mjpeg" else "yuv420p",
        stamps=[0, *range(2, 76)],
        options={"q:v": "2", "bf": "0"},
    )
    found, times, warnings = read(path)
    assert found == list(range(75))
    np.testing.assert_array_equal(times, np.arange(75) / 25)
    assert warnings == ()
    info = probe(path)
    assert (info.fps, info.variable_rate, info.promised_frames) == (25.0, False, 75)
    assert info.zero == pytest.approx(0.04)  # the slot from which all others are counted


def test_the_sound_stays_with_the_frames_that_were_not_moved(tmp_path):
    said = speech(3)
    sound = Sound(said, codec="pcm_s16le")
    path = write(tmp_path / "talk.avi", pictures(74), codec="mpeg4", stamps=[0, *range(2, 75)], sounds=[sound])
    assert lag(read_audio(path).samples, said) == -640  # frame 1 was heard at 80 ms, and is shown at 40


def test_frames_that_were_left_out_keep_their_places(tmp_path):
    stamps = [n for n in range(75) if not 20 <= n < 40]
    path = write(tmp_path / "capture.avi", pictures(55), codec="mpeg4", stamps=stamps, options={"q:v": "2"})
    found, times, warnings = read(path)
    assert found == list(range(55))
    np.testing.assert_array_equal(times, np.array(stamps) / 25)
    assert len(warnings) == 1
    assert "variable frame rate" in warnings[0]


@pytest.mark.parametrize(("codec", "pattern"), [("libx264", {"bf": "2"}), ("mpeg4", {"bf": "2", "q:v": "3"})])
def test_frames_in_another_order_than_stored_are_counted(tmp_path, codec, pattern):
    path = write(tmp_path / "reordered.avi", pictures(75), codec=codec, options=pattern)
    found, times, warnings = read(path)
    assert found == list(range(75))
    np.testing.assert_array_equal(times, np.arange(75) / 25)
    assert warnings == ()


def test_a_head_that_promises_more_is_told_and_no_damage(tmp_path):
    path = write(tmp_path / "lies.avi", pictures(60), codec="mpeg4", options={"q:v": "3"})
    data = bytearray(path.read_bytes())
    for mark, place in ((b"avih", 24), (b"strh", 40)):
        struct.pack_into("<I", data, data.find(mark) + place, 85)
    path.write_bytes(data)
    found, times, warnings = read(path)
    assert found == list(range(60))
    assert times[-1] == pytest.approx(59 / 25)
    assert warnings == ("60 of 85 promised frames are there: heads of AVI files are estimates",)


def test_a_file_without_its_index_is_whole_where_its_end_is_there(tmp_path):
    path = write(tmp_path / "recorder.avi", pictures(60), codec="mpeg4", options={"q:v": "3"})
    data = bytearray(path.read_bytes())
    data = data[: data.rindex(b"idx1")]
    struct.pack_into("<I", data, 4, len(data) - 8)
    path.write_bytes(data)
    found, times, warnings = read(path)
    assert (found, warnings) == (list(range(60)), ())
    np.testing.assert_array_equal(times, np.arange(60) / 25)


def test_a_frame_that_cannot_be_decoded_moves_no_other():
    clock = SlotClock(Slots.of([0, 0.04, 0.12, 0.16], TICK), reordered=False)
    assert [clock.time(stamp, TICK) for stamp in (0, 3, 4)] == [0.0, 0.08, 0.12]  # the one in slot 1 is lost


def test_slots_that_are_not_even():
    slots = Slots.of([0, 0.04, 0.2, 0.24], TICK)
    assert (slots.empty, slots.even, slots.start) == (3, False, 0.0)
    assert [slots.time(rank) for rank in range(5)] == [0.0, 0.04, 0.2, 0.24, 0.28]
