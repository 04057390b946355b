import gc
import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from av.video.reformatter import ColorRange, Colorspace

from bench.clips import Box
from bench.errors import MediaError
from bench.media.probe import probe
from bench.media.resize import resize
from bench.media.video_reader import VideoReader
from tests.bench.footage import Sound, numbers, picture, pictures, speech, write, write_sound


def read(path: Path, **how) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """All frames (T, 3, H, W), their times, and the warnings."""
    with VideoReader(path, **how) as reader:
        batches = list(reader)
    assert all(batch.pixels.is_contiguous() and batch.pixels.dtype == torch.uint8 for batch in batches)
    return (
        torch.cat([batch.pixels for batch in batches]).numpy(),
        np.concatenate([batch.times for batch in batches]),
        reader.warnings,
    )


def difference(pixels: np.ndarray, frames: list[np.ndarray]) -> float:
    """Mean absolute difference below the rows that carry the numbers."""
    wanted = np.stack(frames).transpose(0, 3, 1, 2)
    assert pixels.shape == wanted.shape
    return float(np.abs(pixels[:, :, 8:].astype(float) - wanted[:, :, 8:]).mean())


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Ten seconds, 25 fps, B-frames, a key frame every second."""
    folder = tmp_path_factory.mktemp("clip")
    return write(folder / "clip.mp4", pictures(250), options={"bf": "3", "g": "25"}, sounds=[Sound(speech(10))])


def test_frames_come_in_shown_order_at_their_times(clip):
    pixels, times, warnings = read(clip)
    assert numbers(pixels) == list(range(250))
    np.testing.assert_allclose(times, np.arange(250) / 25, atol=1e-9)
    assert difference(pixels, pictures(250)) < 4
    assert warnings == ()


def test_probe_tells_what_the_file_is(clip):
    info = probe(clip)
    assert (info.width, info.height, info.fps, info.variable_rate) == (96, 64, 25.0, False)
    assert (info.codec, info.promised_frames, info.has_audio, info.rotation) == ("h264", 250, True, 0)
    assert info.duration == pytest.approx(10)
    assert info.warnings == ()


def test_batch_size_changes_no_pixel_and_no_time(clip):
    whole, times, _ = read(clip, end=2.0)
    for batch in (1, 7, 64):
        pixels, again, _ = read(clip, end=2.0, batch=batch)
        np.testing.assert_array_equal(pixels, whole)
        np.testing.assert_array_equal(again, times)


def test_a_reader_can_be_read_again(clip):
    with VideoReader(clip, end=0.4) as reader:
        first, second = ([batch.pixels for batch in reader] for _ in range(2))
    assert torch.equal(torch.cat(first), torch.cat(second))


@pytest.mark.parametrize(
    ("start", "end"), [(0.0, 0.4), (0.3, 1.0), (0.31, None), (6.0, 6.4), (7.77, None), (9.96, None)]
)
def test_a_span_is_that_part_of_the_whole_on_the_clips_clock(clip, start, end):
    whole, clock, _ = read(clip)
    pixels, times, warnings = read(clip, start=start, end=end)
    asked = (clock >= start - 1e-6) & (clock < (end or np.inf) - 1e-6)
    np.testing.assert_array_equal(pixels, whole[asked])
    np.testing.assert_allclose(times, clock[asked])
    assert warnings == ()


def test_a_span_without_frames_is_an_error(clip):
    with pytest.raises(MediaError, match="between 11 s and its end"):
        read(clip, start=11.0)


def test_crop_comes_before_resize(clip):
    whole, _, _ = read(clip, end=0.2)
    box = Box(11, 9, 74, 60)
    pixels, _, _ = read(clip, end=0.2, crop=box, size=(32, 32))
    cut = torch.from_numpy(whole[:, :, 9:60, 11:74].copy())
    np.testing.assert_array_equal(pixels, resize(cut, (32, 32)).numpy())


@pytest.mark.parametrize("box", [Box(-1, 0, 10, 10), Box(0, 0, 97, 10), Box(0, 0, 10, 65), Box(5, 5, 5, 10)])
def test_a_crop_outside_the_picture_is_an_error(clip, box):
    with pytest.raises(MediaError, match=r"clip\.mp4: the crop .* 96x64"):
        VideoReader(clip, crop=box)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_display_matrix_makes_frames_upright(tmp_path, degrees, mirrored):
    upright = pictures(3)
    stored = [frame[:, ::-1] if mirrored else frame for frame in upright]
    stored = [np.ascontiguousarray(np.rot90(frame, -degrees // 90)) for frame in stored]
    path = write(tmp_path / "turned.mp4", stored, rotation=(degrees, mirrored))
    pixels, _, _ = read(path)
    info = probe(path)
    assert (info.width, info.height) == (96, 64)
    assert numbers(pixels) == [0, 1, 2]
    assert difference(pixels, upright) < 4


@pytest.mark.parametrize("rotation", [None, (90, False)])
def test_decoded_pictures_are_let_go_without_the_garbage_collector(tmp_path, rotation):
    """A large or long video would otherwise fill the memory before the collector comes by."""
    path = write(tmp_path / "long.mp4", pictures(60), rotation=rotation)
    gc.collect()
    gc.disable()
    try:
        before = alive()
        with VideoReader(path, batch=8) as reader:
            most = max(alive() for _ in reader)
    finally:
        gc.enable()
    assert most - before < 12


def alive() -> int:
    return sum(type(thing) is av.VideoFrame for thing in gc.get_objects())


def test_variable_rate_keeps_its_times_and_is_told(tmp_path):
    stamps = [1, 2, 4, 5, 6, 9, 10, 11, 13, 14]
    path = write(tmp_path / "phone.mp4", pictures(10), rate=30, stamps=stamps, time_base=Fraction(1, 30))
    pixels, times, warnings = read(path)
    assert numbers(pixels) == list(range(10))
    np.testing.assert_allclose(times, (np.array(stamps) - 1) / 30, atol=1e-4)
    info = probe(path)
    assert info.variable_rate
    assert info.fps == pytest.approx(9 / (13 / 30), rel=1e-3)
    assert info.zero == pytest.approx(1 / 30, abs=1e-3)  # edit lists count in milliseconds
    assert any("variable frame rate" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("rate", "suffix"), [(Fraction(30000, 1001), "mp4"), (30, "mkv"), (60, "mkv"), (15, "mp4"), (24, "mov")]
)
def test_constant_rates_are_known_as_such_in_any_container(tmp_path, rate, suffix):
    info = probe(write(tmp_path / f"clip.{suffix}", pictures(20), rate=rate))
    assert not info.variable_rate
    assert info.fps == pytest.approx(float(rate), rel=1e-4)


def test_an_edit_list_hides_frames(tmp_path):
    path = write(tmp_path / "cut.mp4", pictures(20), stamps=list(range(-5, 15)), options={"bf": "0"})
    pixels, times, warnings = read(path)
    assert numbers(pixels) == list(range(5, 20))
    np.testing.assert_allclose(times, np.arange(15) / 25, atol=1e-9)
    assert probe(path).promised_frames == 15
    assert warnings == ()


@pytest.mark.parametrize("size", [(255, 319), (63, 96), (64, 95)])
def test_odd_sizes_lose_no_row_and_no_column(tmp_path, size):
    height, width = size
    frames = pictures(2, height=height, width=width)
    for frame in frames:
        frame[-1] = frame[:, -1] = (250, 250, 250)
        frame[-3:-1, :-1] = frame[:-1, -3:-1] = (20, 20, 20)
    path = write(tmp_path / "odd.mkv", frames, codec="ffv1")
    pixels, _, _ = read(path)
    assert pixels.shape == (2, 3, height, width)
    assert pixels[:, :, -1].min() > 200
    assert pixels[..., -1].min() > 200
    assert difference(pixels, frames) < 3


def test_vp9_in_webm_at_an_odd_size(tmp_path):
    frames = pictures(5, height=65, width=97)
    pixels, _, _ = read(write(tmp_path / "odd.webm", frames, codec="libvpx-vp9", options={"crf": "10", "b": "0"}))
    assert pixels.shape == (5, 3, 65, 97)
    assert difference(pixels, frames) < 4


def test_full_range_bt709_gives_the_colours_of_limited_bt601(tmp_path):
    frames = pictures(2)
    ways = {
        "usual": (Colorspace.ITU601, ColorRange.MPEG),
        "full709": (Colorspace.ITU709, ColorRange.JPEG),
        "full601": (Colorspace.ITU601, ColorRange.JPEG),
        "limited709": (Colorspace.ITU709, ColorRange.MPEG),
    }
    for name, (matrix, spread) in ways.items():
        # x264 writes the flags into the stream; at quantiser 0 it is lossless.
        path = write(tmp_path / f"{name}.mp4", frames, colorspace=matrix, color_range=spread, options={"qp": "0"})
        assert difference(read(path)[0], frames) < 2, name


def test_ten_bit_gives_the_colours_of_eight_bit(tmp_path):
    frames = pictures(2)
    ten, _, _ = read(write(tmp_path / "ten.mkv", frames, codec="ffv1", pix_fmt="yuv420p10le"))
    assert difference(ten, frames) < 2
    assert abs((ten[:, :, 8:].astype(float) - np.stack(frames).transpose(0, 3, 1, 2)[:, :, 8:]).mean()) < 0.2


def test_a_cover_picture_is_no_video(tmp_path):
    pixels, _, _ = read(write(tmp_path / "song.mp4", pictures(5), cover=picture(300)))
    assert numbers(pixels) == [0, 1, 2, 3, 4]
    only_cover = write_sound(tmp_path / "song.m4a", Sound(speech(1)))
    with pytest.raises(MediaError, match="no video stream"):
        read(only_cover)


def test_frames_without_time_stamps_follow_at_the_frame_rate(tmp_path):
    pixels, times, warnings = read(write(tmp_path / "bare.h264", pictures(10), file_format="h264"))
    assert numbers(pixels) == list(range(10))
    np.testing.assert_allclose(times, np.arange(10) / 25)
    assert any("without a time stamp" in warning for warning in warnings)


def test_two_recordings_behind_each_other_go_on(tmp_path):
    one = write(tmp_path / "one.ts", pictures(30), options={"bf": "0"})
    path = tmp_path / "both.ts"
    path.write_bytes(one.read_bytes() * 2)
    pixels, times, _ = read(path)
    assert numbers(pixels) == [*range(30), *range(30)]
    assert (np.diff(times) > 0).all()
    assert times[-1] == pytest.approx(59 / 25, abs=0.1)


def test_a_change_of_size_is_an_error(tmp_path):
    parts = [write(tmp_path / f"{width}.ts", pictures(30, width=width)) for width in (96, 72)]
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    with pytest.raises(MediaError, match="changes its frame size from 96x64 to 72x64"):
        read(path)


def test_a_truncated_file_gives_what_is_there_and_says_so(tmp_path):
    whole = write(tmp_path / "whole.mp4", pictures(60), container={"movflags": "+faststart"}, options={"crf": "10"})
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.6)])
    pixels, times, warnings = read(path)
    assert 10 < len(pixels) < 60
    np.testing.assert_allclose(times, np.array(numbers(pixels)) / 25, atol=1e-9)
    assert warnings == (
        f"file is damaged: {len(pixels)} of 60 promised frames could be read: get the file again, or leave it out",
    )
    assert read(path, end=0.2)[2] == ()  # what lies in the span is whole


@pytest.mark.parametrize(
    ("name", "codec", "says"),
    [
        ("cut.mkv", "ffv1", r"ends at 1\.\d+ of 2\.40 promised seconds"),
        ("cut.webm", "libvpx-vp9", r"ends at \d\.\d+ of 2\.40 promised seconds"),
        ("cut.avi", "mpeg4", r"\d+ of 60 promised frames"),
    ],
)
def test_containers_without_an_index_in_front_say_so_too(tmp_path, name, codec, says):
    path = write(tmp_path / name, pictures(60), codec=codec)
    assert read(path)[2] == ()
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    _, _, warnings = read(path)
    assert any(re.search(says, warning) for warning in warnings)


def test_damage_in_the_middle_is_told(tmp_path):
    data = bytearray(write(tmp_path / "whole.mp4", pictures(60), container={"movflags": "+faststart"}).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    path = tmp_path / "scratched.mp4"
    path.write_bytes(data)
    _, _, warnings = read(path)
    assert any("damaged" in warning for warning in warnings)


def broken(folder: Path) -> dict[str, Path]:
    """Files that cannot be read, by what is said of them."""
    whole = write(folder / "whole.mp4", pictures(20))
    contents = {
        "is empty (0 bytes)": b"",
        "is not a video file that can be read": b"a text under a video's name\n" * 20,
        "without its index (moov)": whole.read_bytes()[: int(whole.stat().st_size * 0.8)],
    }
    files = {}
    for number, (message, data) in enumerate(contents.items()):
        files[message] = folder / f"broken{number}.mp4"
        files[message].write_bytes(data)
    files["has no video stream"] = write_sound(folder / "sound.mp4", Sound(speech(1)))
    files["does not exist"] = folder / "nowhere.mp4"
    files["is not a file"] = folder
    files["has no frames"] = without_frames(folder)
    return files


def without_frames(folder: Path) -> Path:
    """A whole MP4 head with a video track and not one frame: fragmented, cut off before its first fragment."""
    path = folder / "zero.mp4"
    movflags = {"movflags": "+frag_keyframe+empty_moov"}
    data = write(folder / "fragmented.mp4", pictures(5), container=movflags).read_bytes()
    path.write_bytes(data[: data.index(b"moof") - 4])
    return path


def test_unreadable_files_are_one_sentence_that_names_them(tmp_path):
    for message, path in broken(tmp_path).items():
        with pytest.raises(MediaError) as caught:
            read(path)
        assert message in str(caught.value)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_unreadable_permissions(tmp_path):
    path = write(tmp_path / "secret.mp4", pictures(2))
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read anything")
    with pytest.raises(MediaError, match="permission"):
        read(path)


def test_any_file_name(tmp_path):
    folder = tmp_path / "目录 \N{DROMEDARY CAMEL}"
    folder.mkdir()
    path = write(folder / "视频 测试's %d #1.mp4", pictures(3))
    assert numbers(read(path)[0]) == [0, 1, 2]


# Not getrusage: its peak begins with the parent's.
PEAK = """
import re, sys
from pathlib import Path
from bench.media.video_reader import VideoReader
with VideoReader(sys.argv[1], size=(128, 128)) as reader:
    count = sum(len(batch) for batch in reader)
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
print(count, int(peak[1]) / 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system keeps no /proc")
def test_memory_does_not_grow_with_length(tmp_path):
    peaks = {}
    frames = pictures(64)
    for count in (300, 3000):
        looped = (frames[number % 64] for number in range(count))
        path = write(tmp_path / f"{count}.mp4", looped, options={"preset": "ultrafast"})
        command = [sys.executable, "-c", PEAK, str(path)]
        count_read, peak = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        assert int(count_read) == count
        peaks[count] = float(peak)
    assert peaks[3000] - peaks[300] < 8  # MB
