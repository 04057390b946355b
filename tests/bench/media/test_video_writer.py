import errno
import subprocess
import sys
from collections import deque
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from bench.errors import MediaError
from bench.media._soundtrack import AudioSource
from bench.media.audio_reader import read_audio
from bench.media.probe import probe
from bench.media.video_reader import VideoReader
from bench.media.video_writer import VideoWriter
from tests.bench.footage import Sound, lag, numbers, pictures, speech, write

SPEECH = speech(4)


def tensor(frames) -> torch.Tensor:
    return torch.from_numpy(np.stack(frames).transpose(0, 3, 1, 2).copy())


FRAMES = tensor(pictures(100))


def save(path: Path, frames: torch.Tensor = FRAMES, times=None, **how) -> Path:
    size = (int(frames.shape[2]), int(frames.shape[3]))
    with VideoWriter(path, size=size, **how) as writer:
        for begin in range(0, len(frames), 16):
            part = slice(begin, begin + 16)
            writer.write(frames[part], None if times is None else times[part])
    return path


def load(path: Path) -> tuple[torch.Tensor, np.ndarray]:
    with VideoReader(path) as reader:
        batches = list(reader)
    return torch.cat([batch.pixels for batch in batches]), np.concatenate([batch.times for batch in batches])


def test_h264_plays_in_browsers(tmp_path):
    path = save(tmp_path / "video.mp4")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.pix_fmt, stream.average_rate) == ("h264", "yuv420p", 25)
        bt709, limited = 1, 1
        assert (context.colorspace, context.color_primaries, context.color_trc) == (bt709, bt709, bt709)
        assert context.color_range == limited
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_h264_keeps_frames_times_and_colours(tmp_path):
    pixels, times = load(save(tmp_path / "video.mp4", crf=5))
    assert numbers(pixels.numpy()) == list(range(100))
    np.testing.assert_allclose(times, np.arange(100) / 25, atol=1e-9)
    apart = pixels.double() - FRAMES.double()
    assert apart.abs().mean() < 3
    assert apart.mean((0, 2, 3)).abs().max() < 0.5  # a wrong matrix or range shifts whole channels


def test_crf_trades_size_for_quality(tmp_path):
    sizes = [save(tmp_path / f"{crf}.mp4", crf=crf).stat().st_size for crf in (10, 18, 35)]
    assert sizes[0] > sizes[1] > sizes[2]


@pytest.mark.parametrize("size", [(63, 95), (64, 95), (63, 96)])
def test_h264_fills_odd_sizes_up_by_repeating_the_border(tmp_path, size):
    frames = FRAMES[:5, :, : size[0], : size[1]].contiguous()
    pixels, _ = load(save(tmp_path / "odd.mp4", frames, crf=5))
    assert tuple(pixels.shape[2:]) == (64, 96)
    padded = torch.nn.functional.pad(frames.double(), (0, 96 - size[1], 0, 64 - size[0]), mode="replicate")
    assert (pixels.double() - padded).abs().mean() < 3


@pytest.mark.parametrize("size", [(64, 96), (63, 95)])
def test_ffv1_returns_every_pixel(tmp_path, size):
    frames = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (20, 3, *size), dtype=np.uint8))
    pixels, times = load(save(tmp_path / "video.mkv", frames, codec="ffv1"))
    assert torch.equal(pixels, frames)
    np.testing.assert_allclose(times, np.arange(20) / 25, atol=1e-9)


def test_png_folder_returns_every_pixel(tmp_path):
    frames = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (12, 3, 33, 47), dtype=np.uint8))
    folder = save(tmp_path / "video", frames, codec="png")
    files = sorted(folder.glob("*.png"))
    assert [file.name for file in files] == [f"{index:06d}.png" for index in range(12)]
    for file, frame in zip(files, frames, strict=True):
        assert torch.equal(load(file)[0][0], frame)
    lines = (folder / "times.csv").read_text().splitlines()
    assert lines[0] == "file,seconds"
    assert lines[3] == "000002.png,0.08"


@pytest.mark.parametrize(("name", "codec"), [("video.mp4", "h264"), ("video.mkv", "ffv1")])
def test_variable_rate_keeps_its_timing(tmp_path, name, codec):
    steps = np.random.default_rng(1).choice([1, 2, 3], 99)
    times = 7.3 + np.concatenate([[0], np.cumsum(steps)]) / 30
    path = save(tmp_path / name, times=times, fps=15.0, codec=codec)
    _, again = load(path)
    np.testing.assert_allclose(again, times - 7.3, atol=6e-4)
    assert probe(path).variable_rate


@pytest.mark.parametrize("fps", [25, 30000 / 1001, 24000 / 1001, 23.976, 60, 15, 12.5])
def test_constant_rates_stay_constant(tmp_path, fps):
    frames = FRAMES[:30]
    info = probe(save(tmp_path / "video.mp4", frames, fps=fps, times=2.0 + np.arange(30) / fps))
    assert not info.variable_rate
    assert info.fps == pytest.approx(fps, rel=1e-4)


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> dict[str, Path]:
    """Four-second clips whose sound is speech, in many ways of storing it."""
    folder = tmp_path_factory.mktemp("sources")
    frames = pictures(100)
    wide = speech(4, 48000)
    stereo = np.stack([speech(4, 44100)] * 2)
    return {
        "aac": write(folder / "aac.mp4", frames, sounds=[Sound(SPEECH)]),
        "stereo": write(folder / "stereo.mp4", frames, sounds=[Sound(stereo, 44100)]),
        "late": write(folder / "late.mp4", frames, sounds=[Sound(SPEECH, start=0.5)]),
        "hidden": write(
            folder / "hidden.mp4", frames, sounds=[Sound(SPEECH)], stamps=range(-5, 95), options={"bf": "0"}
        ),
        "picture late": write(folder / "picture.mp4", frames, sounds=[Sound(SPEECH)], stamps=range(3, 103)),
        "mp3": write(folder / "mp3.mp4", frames, sounds=[Sound(SPEECH, codec="libmp3lame")]),
        "opus": write(folder / "opus.mkv", frames, sounds=[Sound(wide, 48000, "libopus")]),
        "flac": write(folder / "flac.mkv", frames, sounds=[Sound(SPEECH, codec="flac")]),
        "odd rate": write(folder / "rate.mkv", frames, sounds=[Sound(speech(4, 18900), 18900, "flac")]),
        "aac in mkv": write(folder / "aac.mkv", frames, sounds=[Sound(SPEECH)]),
        "aac in ts": write(folder / "aac.ts", frames, sounds=[Sound(SPEECH)]),
    }


WAYS = ["aac", "stereo", "late", "hidden", "picture late", "mp3", "opus", "flac", "odd rate", "aac in mkv", "aac in ts"]


@pytest.mark.parametrize("span", [(None, None), (1.0, 2.5), (0.97, None)])
@pytest.mark.parametrize(("name", "codec"), [("video.mp4", "h264"), ("video.mkv", "ffv1")])
@pytest.mark.parametrize("way", WAYS)
def test_sound_is_the_clips_own_and_in_step(tmp_path, sources, way, name, codec, span):
    source = sources[way]
    with VideoReader(source, start=span[0], end=span[1]) as reader:
        times = np.concatenate([batch.times for batch in reader])
    path = save(
        tmp_path / name, FRAMES[: len(times)], times=times, fps=25, codec=codec, audio=AudioSource(source, *span)
    )
    heard, said = read_audio(path), read_audio(source, start=times[0], end=span[1])
    assert lag(heard.samples, said.samples) == 0
    length = min(len(heard.samples), len(said.samples))
    # as long as the picture where there is sound, and no packet longer
    assert length > min(len(times) / 25, len(said.samples) / 16000) * 16000 - 1600
    assert len(heard.samples) < (len(times) / 25 + 0.1) * 16000
    ours, theirs = heard.samples[:length].astype(float), said.samples[:length].astype(float)
    assert np.corrcoef(ours, theirs)[0, 1] > (0.9999 if codec == "ffv1" else 0.97)


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def test_aac_is_copied_without_another_loss(tmp_path, sources):
    path = save(tmp_path / "video.mp4", audio=AudioSource(sources["stereo"]))
    assert packets(path) == packets(sources["stereo"])[: len(packets(path))]
    np.testing.assert_array_equal(read_audio(path).samples[:60000], read_audio(sources["stereo"]).samples[:60000])


def test_sound_ends_with_the_picture(tmp_path, sources):
    path = save(tmp_path / "video.mp4", FRAMES[:25], audio=AudioSource(sources["aac"]))
    assert len(read_audio(path).samples) / 16000 == pytest.approx(1.0, abs=0.065)  # one AAC packet at 16 kHz


def test_a_clip_without_sound_makes_a_video_without_sound(tmp_path):
    source = write(tmp_path / "mute.mp4", pictures(10))
    assert read_audio(save(tmp_path / "video.mp4", FRAMES[:10], audio=AudioSource(source))) is None


class Stop(Exception):
    pass


def interrupted(path: Path, **how) -> None:
    """Write 20 frames, see that nothing has appeared, and fail."""
    before = path.read_bytes() if path.is_file() else None
    with VideoWriter(path, size=(64, 96), **how) as writer:
        writer.write(FRAMES[:20])
        assert (path.read_bytes() if path.is_file() else None) == before
        raise Stop


@pytest.mark.parametrize("codec", ["h264", "ffv1", "png"])
def test_nothing_appears_before_the_end_and_nothing_is_left_after_an_error(tmp_path, codec):
    with pytest.raises(Stop):
        interrupted(tmp_path / "video", codec=codec)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_that_name_stays_until_the_new_one_is_whole(tmp_path):
    path = save(tmp_path / "video.mp4", FRAMES[:10])
    before = path.read_bytes()
    with pytest.raises(Stop):
        interrupted(path)
    assert path.read_bytes() == before
    save(path, FRAMES[:20])
    assert probe(path).promised_frames == 20
    assert list(tmp_path.iterdir()) == [path]


def test_a_png_folder_is_replaced_as_a_whole(tmp_path):
    folder = save(tmp_path / "video", FRAMES[:10], codec="png")
    save(folder, FRAMES[:4], codec="png")
    assert len(list(folder.iterdir())) == 5


def test_no_frames_is_an_error_that_leaves_nothing(tmp_path):
    with pytest.raises(MediaError, match=r"video\.mp4 was not written: not one frame"):
        save(tmp_path / "video.mp4", FRAMES[:0])
    assert list(tmp_path.iterdir()) == []


def test_frames_of_another_size_are_a_fault(tmp_path):
    writer = VideoWriter(tmp_path / "video.mp4", size=(64, 64))
    with pytest.raises(ValueError, match="not"):
        writer.write(FRAMES[:2])
    assert list(tmp_path.iterdir()) == []


LIMITED = """
import resource, signal, sys, torch
from pathlib import Path
from bench.media.video_writer import VideoWriter
from bench.errors import MediaError
frames = torch.randint(0, 256, (60, 3, 64, 96), dtype=torch.uint8)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
for codec in ("h264", "ffv1", "png"):
    try:
        with VideoWriter(Path(sys.argv[1]) / codec, size=(64, 96), codec=codec) as writer:
            for begin in range(0, 60, 10):
                writer.write(frames[begin : begin + 10])
    except MediaError as error:
        print(error)
"""


def test_a_file_that_cannot_grow_is_said_in_a_sentence_and_leaves_nothing(tmp_path):
    """The system refuses to write past 5000 bytes, as it does on a full disk."""
    done = subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=True)
    for codec, sentence in zip(("h264", "ffv1", "png"), done.stdout.splitlines(), strict=True):
        assert sentence.startswith(f"{tmp_path / codec} cannot be written")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_asks_for_space(tmp_path, monkeypatch):
    writer = VideoWriter(tmp_path / "video.mp4", size=(64, 96))
    writer.write(FRAMES[:2])

    def full(sink: object, rgb: object, time: float) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(writer._sink), "frame", full)
    with pytest.raises(MediaError, match=r"video\.mp4 cannot be written .*No space left.*free some space"):
        writer.write(FRAMES[:2])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(MediaError, match="cannot be written"):
        save(tmp_path / "file" / "video.mp4", FRAMES[:2])


def test_folders_are_made_and_any_name_is_taken(tmp_path):
    path = save(tmp_path / "新しい フォルダ" / "free-view_30,10,0" / "视频 %03d #1.mp4", FRAMES[:10])
    assert probe(path).promised_frames == 10


@pytest.mark.parametrize("codec", ["h264", "ffv1"])
def test_the_same_frames_make_the_same_file(tmp_path, codec):
    """Whatever stood in the memory before that the encoder works in."""
    chance, dirt, found = np.random.default_rng(3), deque(maxlen=40), set()
    for _ in range(40):
        dirt.append(chance.integers(0, 255, int(chance.integers(1000, 200_000)), dtype=np.uint8))
        found.add(save(tmp_path / "video", codec=codec).read_bytes())
    assert len(found) == 1
