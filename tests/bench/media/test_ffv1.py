import av
import pytest
import torch

from bench.media._ffv1 import Checksums, intact
from bench.media.video_reader import VideoReader
from bench.media.video_writer import VideoWriter
from tests.bench import footage

FRAMES = 6


def film(path, **options):
    """A short FFV1 video; `options` of FFmpeg's encoder instead of ours."""
    if not options:
        with VideoWriter(path, size=(64, 96), fps=25.0, codec="ffv1") as writer:
            writer.write(torch.stack([torch.from_numpy(p).permute(2, 0, 1) for p in footage.pictures(FRAMES)]))
        return path
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "bgr0"
        for picture in footage.pictures(FRAMES):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def packets(path):
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def spoil(path, frames, *, at=0.5):
    """Turn a byte of the given frames over, `at` a share of their length."""
    data, whole = bytearray(path.read_bytes()), packets(path)
    for number in frames:
        packet = whole[number]
        data[data.index(packet) + int(at * (len(packet) - 1))] ^= 0x10
    path.write_bytes(data)


def faults(path):
    with VideoReader(path) as reader:
        assert sum(len(frames) for frames in reader) == FRAMES
        return reader.faults


@pytest.mark.parametrize("options", [{}, {"slices": "4", "slicecrc": "1", "level": "3"}])
@pytest.mark.parametrize("frames", [[], [0], [3], [5], [0, 1, 4]])
@pytest.mark.parametrize("at", [0.0, 0.5, 1.0])
def test_a_spoilt_byte_is_a_damaged_frame(tmp_path, options, frames, at):
    path = film(tmp_path / "film.mkv", **options)
    spoil(path, frames, at=at)
    found = faults(path)
    assert [word for word in " ".join(found).split() if word.isdigit()] == [str(len(frames))] * bool(frames)


@pytest.mark.parametrize("options", [{"level": "3", "slicecrc": "0"}, {"level": "1"}])
def test_frames_without_checksums_are_not_called_damaged(tmp_path, options):
    path = film(tmp_path / "film.mkv", **options)
    assert not any(intact(packet) for packet in packets(path))
    assert faults(path) == ()


def test_frames_that_fail_before_the_first_whole_one_are_counted_with_it(tmp_path):
    first, second, third, *_ = packets(film(tmp_path / "film.mkv"))
    broken = bytes([first[0] ^ 1]) + first[1:]
    checksums = Checksums()
    assert [checksums.newly_damaged(each) for each in (broken, broken, second, broken, third)] == [0, 0, 2, 1, 0]
