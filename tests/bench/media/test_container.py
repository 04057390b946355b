"""Which stream of a file is read, and what is said of those that are not."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from bench.errors import MediaError
from bench.media.audio_reader import read_audio
from bench.media.probe import probe
from bench.media.video_reader import VideoReader
from tests.bench.footage import Sound, numbers, pictures, speech, write


def renamed(path: Path, old: bytes, new: bytes) -> Path:
    """The file with a codec that nobody knows."""
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "old", "new"),
    [
        ("own.avi", "mpeg4", b"FMP4", b"ZZZ9"),
        ("own.mp4", "libx264", b"avc1", b"zzz9"),
        ("own.mkv", "ffv1", b"V_FFV1", b"V_ZZZ9"),
    ],
)
def test_a_codec_that_nobody_knows_is_named(tmp_path, name, codec, old, new):
    path = write(tmp_path / name, pictures(5), codec=codec, options={"level": "3"} if codec == "ffv1" else None)
    try:
        renamed(path, old, new)
    except AssertionError:
        pytest.skip("this FFmpeg writes the codec under another name")
    for read in (probe, VideoReader, read_audio):
        with pytest.raises(MediaError, match=rf"{name} has video of a codec .*{new.decode()}"):
            read(path)


def two_pictures(path: Path, *, default: int | None) -> Path:
    """A screen share of 64x64 beside a speaker of 96x64."""
    with av.open(str(path), "w") as output:
        tracks = []
        for number, size in enumerate([(64, 96), (64, 64)]):
            track = output.add_stream("libx264", rate=25)
            track.height, track.width, track.pix_fmt = *size, "yuv420p"
            track.disposition = av.stream.Disposition.default if number == default else av.stream.Disposition(0)
            tracks.append(track)
        for number in range(5):
            for track in tracks:
                rgb = np.ascontiguousarray(pictures(5)[number][:, : track.width])
                output.mux(track.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        for track in tracks:
            output.mux(track.encode(None))
    return path


@pytest.mark.parametrize(("default", "width"), [(0, 96), (1, 64)])
def test_of_two_video_streams_it_is_said_which(tmp_path, default, width):
    path = two_pictures(tmp_path / "call.mkv", default=default)
    info = probe(path)
    assert info.width == width
    (said,) = info.warnings
    assert f"2 video streams: number {default + 1} (h264, {width}x64) is used" in said


def transport_stream(folder: Path, codec: str, **options: str) -> Path:
    """Begun 0.6 s before its second key frame, as a recording that was switched on at some time."""
    whole = write(folder / "whole.ts", pictures(60), codec=codec, options={"g": "30", **options})
    data = whole.read_bytes()
    with av.open(str(whole)) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.size]
    path = folder / "late.ts"
    path.write_bytes(data[places[15] // 188 * 188 :])
    return path


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx264", {"bf": "2", "sc_threshold": "0"}),
        ("mpeg2video", {"bf": "2", "b": "900k"}),
        ("mpeg4", {"q:v": "3"}),
        ("libx265", {"x265-params": "log-level=none:keyint=30:min-keyint=30:scenecut=0"}),
    ],
)
def test_what_stands_before_the_first_key_frame_is_left_out_and_told(tmp_path, codec, options):
    if codec not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {codec}")
    path = transport_stream(tmp_path, codec, **options)
    with VideoReader(path) as reader:
        batches = list(reader)
    shown = numbers(np.concatenate([batch.pixels.numpy() for batch in batches]))
    times = np.concatenate([batch.times for batch in batches])
    assert shown == list(range(shown[0], 60))
    assert 28 <= shown[0] <= 31
    np.testing.assert_allclose(times, np.arange(len(shown)) / 25, atol=1e-6)
    assert reader.faults == ()
    assert not reader.info.variable_rate
    (said,) = reader.warnings
    assert "begins without a key frame: its first 0." in said


def test_incomplete_packets_amid_a_stream_are_told_and_no_cut(tmp_path):
    """Two recordings put behind each other break the count of packets, and lose nothing."""
    one = write(tmp_path / "one.ts", pictures(30), options={"bf": "0"}, sounds=[Sound(speech(1.2))])
    path = tmp_path / "both.ts"
    path.write_bytes(one.read_bytes() * 2)
    with VideoReader(path) as reader:
        assert sum(map(len, reader)) == 60
    assert reader.faults == ()
