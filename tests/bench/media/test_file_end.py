"""Files that are cut off are told from whole ones in every container that can tell."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from bench.media._file_end import is_cut_off
from bench.media.video_reader import VideoReader
from tests.bench.footage import Sound, pictures, speech, write

FRAGMENTS = {"movflags": "+frag_keyframe+empty_moov+default_base_moof"}
CONTAINERS: dict[str, dict[str, object]] = {
    "fragments.mp4": {"container": FRAGMENTS, "options": {"g": "10"}, "sounds": True},
    "dash.mp4": {"container": {"movflags": "+dash+frag_keyframe"}, "options": {"g": "10"}},
    "plain.mkv": {"sounds": True},
    "live.webm": {"codec": "libvpx", "container": {"live": "1"}, "options": {"b": "500k"}},
    "plain.ts": {"sounds": True},
    "camera.m2ts": {"container": {"mpegts_m2ts_mode": "1"}},
    "plain.flv": {"sounds": True},
    "plain.ogv": {"codec": "libvpx", "options": {"b": "500k"}},
    "plain.wmv": {"codec": "wmv2", "options": {"b": "500k"}},
    "plain.mpg": {"codec": "mpeg2video", "options": {"b": "800k"}},
    "plain.avi": {"codec": "mpeg4", "options": {"b": "500k"}},
    "plain.mxf": {"codec": "mpeg2video", "options": {"b": "800k"}},
    "plain.y4m": {"codec": "wrapped_avframe"},
    "plain.nut": {"codec": "mpeg4", "options": {"b": "500k"}},
    "moving.gif": {"codec": "gif", "pix_fmt": "rgb8", "options": {}},
    "moving.apng": {"codec": "apng", "pix_fmt": "rgb24", "options": {}},
}
SAYS_NOTHING = {"plain.nut"}
"""Files whose structure does not show that they were cut at three fifths."""


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture
def made(films, tmp_path) -> Callable[[str], Path]:
    """A copy of one of the files above, each written once."""

    def copy(name: str) -> Path:
        path = films / name
        return Path(shutil.copy(path if path.exists() else written(path), tmp_path / name))

    return copy


def written(path: Path) -> Path:
    how = dict(CONTAINERS[path.name])
    sounds = [Sound(speech(2.4))] if how.pop("sounds", False) else []
    try:
        return write(path, pictures(60), sounds=sounds, **how)
    except (av.FFmpegError, ValueError, LookupError) as error:
        pytest.skip(f"this FFmpeg writes no {path.name}: {error}")


def cut(path: Path, share: float = 0.6) -> Path:
    short = path.with_stem("cut")
    short.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return short


def read(path: Path) -> tuple[int, tuple[str, ...]]:
    """How many frames, and what was said of the damage."""
    with VideoReader(path) as reader:
        return sum(map(len, reader)), reader.faults


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_whole_file_is_whole(made, name):
    path = made(name)
    assert not is_cut_off(path)
    assert read(path) == (60, ())


@pytest.mark.parametrize("name", sorted(CONTAINERS.keys() - SAYS_NOTHING))
def test_a_file_cut_at_three_fifths_is_damaged(made, name):
    path = cut(made(name))
    assert is_cut_off(path)
    count, faults = read(path)
    assert 10 < count < 60
    assert len(faults) >= 1


@pytest.mark.parametrize("share", [0.3, 0.45, 0.75, 0.9, 0.99])
@pytest.mark.parametrize("name", ["fragments.mp4", "plain.mkv", "live.webm", "plain.avi", "plain.flv", "plain.ts"])
def test_wherever_it_was_cut(made, name, share):
    assert is_cut_off(cut(made(name), share))


def test_what_lies_before_the_cut_is_whole(made):
    path = cut(made("fragments.mp4"))
    with VideoReader(path, end=0.4) as reader:
        assert sum(map(len, reader)) == 10
    assert reader.faults == ()


def test_a_fragment_that_is_announced_and_missing(made, tmp_path):
    data = made("fragments.mp4").read_bytes()
    last = data.rindex(b"moof") - 4
    length = int.from_bytes(data[last : last + 4], "big")
    path = tmp_path / "announced.mp4"
    path.write_bytes(data[: last + length])
    assert is_cut_off(path)


def test_something_behind_the_last_part_is_no_cut(made):
    for name in ("fragments.mp4", "plain.mkv", "plain.avi"):
        path = made(name)
        path.write_bytes(path.read_bytes() + b"\0" * 77)
        assert not is_cut_off(path), name


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"RIFF", b"\x1a\x45\xdf\xa3", b"FLV\1", b"OggS", b"G" * 800, b"YUV4MPEG2"]
)
def test_no_scrap_of_a_file_is_an_error(tmp_path, data):
    path = tmp_path / "scrap"
    path.write_bytes(data)
    assert isinstance(is_cut_off(path), bool)
