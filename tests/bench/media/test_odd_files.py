"""Every unusual or broken file of the reference clips behaves as its table says."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bench.audio import Audio, is_silent
from bench.errors import MediaError
from bench.media.audio_reader import read_audio
from bench.media.probe import VideoInfo, probe
from bench.media.video_reader import VideoReader
from tests.bench.footage import lag
from tests.material import SHARED, needs

CLIPS = SHARED / "clips"
pytestmark = [pytest.mark.shared, needs(CLIPS)]


def table(name: str) -> list[dict[str, str]]:
    path = CLIPS / name
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ODD, RAW = table("odd/odd.csv"), table("clips.csv")


@dataclass
class Whole:
    """A file read to its end."""

    path: Path
    info: VideoInfo
    warnings: tuple[str, ...]
    times: np.ndarray
    first: np.ndarray
    audio: Audio | None

    @classmethod
    def of(cls, path: Path) -> Whole:
        with VideoReader(path, conversion="ffmpeg") as reader:
            times = np.concatenate([batch.times for batch in reader])
        return cls(path, reader.info, reader.warnings, times, first_frame(path), read_audio(path))


def first_frame(path: Path) -> np.ndarray:
    """(3, H, W) uint8."""
    with VideoReader(path, batch=1) as reader:
        return np.asarray(next(iter(reader)).pixels[0])


def raw(clip: str) -> Path:
    return next((CLIPS / "raw").glob(f"{clip}.*"))


def mean_difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def vfr(whole: Whole) -> None:
    assert whole.info.variable_rate
    assert whole.info.fps == pytest.approx(22.1, abs=0.1)
    steps = np.diff(whole.times)
    assert set(np.round(steps * 1000)) <= {33, 66, 67}
    assert whole.times[-1] == pytest.approx(6.067, abs=0.001)
    assert any("variable frame rate" in warning for warning in whole.warnings)
    # The first frame is shown 33 ms after the sound began, so as much of the sound is left out.
    own = read_audio(whole.path, rate=None)
    assert len(own.samples) == pytest.approx(6.106848 * 44100 - 0.033 * 44100, abs=10)


def edit_list(whole: Whole) -> None:
    assert whole.info.promised_frames == 661
    assert whole.warnings == ()
    assert whole.info.fps == pytest.approx(30000 / 1001)
    assert whole.times[-1] == pytest.approx(660 * 1001 / 30000, abs=1e-3)
    assert len(whole.audio.samples) / 16000 == pytest.approx(22.07, abs=0.01)


def silent(whole: Whole) -> None:
    assert is_silent(whole.audio)


def mpeg1(whole: Whole) -> None:
    assert whole.info.promised_frames is None
    assert whole.info.duration == pytest.approx(3.0)


def rotated(whole: Whole) -> None:
    assert (whole.info.width, whole.info.height) == (360, 288)
    assert mean_difference(whole.first, first_frame(raw("clip12"))) < 4


def shorter(whole: Whole) -> None:
    assert len(whole.audio.samples) / 16000 == pytest.approx(2.0, abs=0.03)


def longer(whole: Whole) -> None:
    assert len(whole.audio.samples) / 16000 == pytest.approx(3.0, abs=0.01)
    assert whole.times[-1] == pytest.approx(1.56)


def late(whole: Whole) -> None:
    samples, own = whole.audio.samples, read_audio(raw("clip15")).samples
    # 31 codec blocks of silence less priming, then the clip's own sound where it belongs.
    assert not samples[:15400].any()
    assert lag(samples, own) == 0


def sixty(whole: Whole) -> None:
    np.testing.assert_allclose(whole.times, np.arange(180) / 60, atol=1e-6)


def odd_size(whole: Whole) -> None:
    assert whole.first.shape == (3, 255, 319)
    assert whole.first[:, -1].std() > 1
    own = read_audio(raw("clip12")).samples
    # Nothing of the pre-skip (6.5 ms) is left but what the container itself says: its first frame is shown at 7 ms.
    assert whole.info.zero == pytest.approx(0.007)
    assert lag(whole.audio.samples, own) == pytest.approx(-0.007 * 16000, abs=8)


def ten_bit(whole: Whole) -> None:
    plain = first_frame(raw("clip13"))
    assert mean_difference(whole.first, plain) < 3
    assert abs((whole.first.astype(float) - plain).mean()) < 0.3


def full_range(whole: Whole) -> None:
    plain = first_frame(raw("clip13"))
    # The stored picture itself is 1.3 off (by the definition, in float64); read without its flags it is 9 off.
    assert mean_difference(whole.first, plain) < 2


def truncated(whole: Whole) -> None:
    assert whole.warnings == (
        "file is damaged: 120 of 221 promised frames could be read: get the file again, or leave it out",
    )


def same_as_clip06(whole: Whole) -> None:
    np.testing.assert_array_equal(whole.first, first_frame(raw("clip06")))
    np.testing.assert_array_equal(whole.audio.samples, read_audio(raw("clip06")).samples)


def two_tracks(whole: Whole) -> None:
    assert not is_silent(whole.audio)
    assert any("2 sound tracks: number 2 (aac) is used" in warning for warning in whole.warnings)
    assert abs(lag(whole.audio.samples, read_audio(raw("clip12")).samples)) <= 16  # Matroska counts milliseconds


def nothing_more(whole: Whole) -> None:
    assert not any("damaged" in warning for warning in whole.warnings)


CHECKS: dict[str, Callable[[Whole], None]] = {
    "vfr_real.mp4": vfr,
    "editlist_real.mp4": edit_list,
    "silent_track_real.mp4": silent,
    "mpeg1_real.mpg": mpeg1,
    "two_faces_real.mp4": nothing_more,
    "rotated_metadata.mp4": rotated,
    "audio_shorter.mp4": shorter,
    "audio_longer.mp4": longer,
    "audio_starts_late.mp4": late,
    "fps60.mp4": sixty,
    "odd_dimensions.webm": odd_size,
    "hevc_10bit.mp4": ten_bit,
    "full_range_bt709.mp4": full_range,
    "truncated_data.mp4": truncated,
    "single_frame.mp4": nothing_more,
    "视频 测试.mp4": same_as_clip06,
    "cover_art.mp4": nothing_more,
    "two_audio_tracks.mkv": two_tracks,
}

ERRORS = {
    "no_index.mp4": "without its index",
    "zero_frames.mp4": "has no frames",
    "audio_only.mp4": "no video stream",
    "empty.mp4": "is empty",
    "not_a_video.mp4": "is not a video file",
}


@pytest.mark.parametrize("row", ODD, ids=lambda row: Path(row["file"]).name)
def test_odd_file(row):
    path = CLIPS / row["file"]
    if row["readable"] == "no":
        with pytest.raises(MediaError, match=ERRORS[path.name]) as caught:
            Whole.of(path)
        assert str(path) in str(caught.value)
        return
    whole = Whole.of(path)
    assert len(whole.times) == int(row["frames"])
    assert {whole.info.width, whole.info.height} == {int(row["width"]), int(row["height"])}
    assert whole.first.shape == (3, whole.info.height, whole.info.width)
    assert whole.times[0] == 0
    assert (np.diff(whole.times) > 0).all()
    assert (whole.audio is None) == (not row["audio"])
    assert whole.info.has_audio == bool(row["audio"])
    CHECKS[path.name](whole)


def test_every_row_of_the_table_is_walked():
    assert {Path(row["file"]).name for row in ODD} == CHECKS.keys() | ERRORS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("row", RAW, ids=lambda row: row["id"])
def test_ordinary_clip_has_the_frames_of_the_table(row):
    path = CLIPS / row["file"]
    info = probe(path)
    assert (info.width, info.height) == (int(row["width"]), int(row["height"]))
    assert info.fps == pytest.approx(float(row["fps"]), abs=0.001)
    assert not info.variable_rate
    assert info.has_audio == (row["has_audio"] == "yes")
    with VideoReader(path, conversion="ffmpeg") as reader:
        assert sum(len(batch) for batch in reader) == int(row["frames"])
    assert not any("damaged" in warning for warning in reader.warnings)
    if info.has_audio:
        audio = read_audio(path, rate=None)
        assert audio.rate == int(row["audio_rate"])
        assert not is_silent(audio)


FRAMES = SHARED / "golden" / "metrics" / "frames"


@needs(FRAMES)
@pytest.mark.parametrize(("strip", "clip"), [("wda_a", "alexandria_ocasio_cortez"), ("wda_k", "katie_hill")])
def test_frames_are_ffmpegs_to_the_bit_on_request(strip, clip):
    """24 frames that the ffmpeg command decoded to rgb24, halved by area (mean of 2×2, halves up)."""
    from skimage.io import imread

    golden = imread(FRAMES / f"{strip}.ref.png").reshape(24, 256, 256, 3)
    with VideoReader(raw(clip), conversion="ffmpeg", end=3.72) as reader:
        frames = np.concatenate([batch.pixels.numpy() for batch in reader])[::4]
    halved = frames.reshape(24, 3, 256, 2, 256, 2).astype(float).mean((3, 5))
    np.testing.assert_array_equal(np.floor(halved + 0.5).transpose(0, 2, 3, 1), golden)
