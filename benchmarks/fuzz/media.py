"""Readers of pictures, videos and sound: small files of every container, their heads and their insides changed."""

import io
import zlib
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.fuzz import mutate
from benchmarks.fuzz.reader import Case, Reader, Thunk

SIDE = 48
FILMS = (
    ("mp4", "libx264", "yuv420p", "aac", {}), ("mp4", "libx264", "yuv420p", "aac", {"movflags": "frag_keyframe+empty_moov"}),
    ("mov", "mjpeg", "yuvj420p", "pcm_s16le", {}), ("mkv", "ffv1", "bgr0", "pcm_s16le", {}), ("webm", "libvpx", "yuv420p", "libopus", {}),
    ("avi", "mpeg4", "yuv420p", "pcm_s16le", {}), ("avi", "rawvideo", "bgr24", None, {}), ("ts", "mpeg2video", "yuv420p", "mp2", {}),
    ("ts", "libx264", "yuv420p", "aac", {}), ("gif", "gif", "rgb8", None, {}), ("apng", "apng", "rgba", None, {}), ("flv", "flv", "yuv420p", "aac", {}),
    ("mkv", "libvpx-vp9", "yuv420p", "flac", {}), ("nut", "huffyuv", "rgb24", "pcm_s16le", {}),
    ("wmv", "wmv2", "yuv420p", "wmav2", {}), ("mxf", "mpeg2video", "yuv420p", "pcm_s16le", {}), ("mpg", "mpeg1video", "yuv420p", "mp2", {}),
)  # fmt: skip
"""Suffix, codec of the picture, its pixels, codec of the sound, options of the container."""


@cache
def films() -> tuple[tuple[str, bytes], ...]:
    """Six pictures and a fifth of a second of sound in every container that FFmpeg writes here: suffixes, contents."""
    with TemporaryDirectory() as home:
        return tuple(_films(Path(home)))


def _films(home: Path) -> Iterator[tuple[str, bytes]]:
    import av
    import numpy as np

    picture = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    sound = (8000 * np.sin(np.arange(9600) / 9)).astype(np.int16)[None]
    for number, (suffix, codec, pixels, heard, options) in enumerate(FILMS):
        path = home / f"{number}.{suffix}"
        try:
            with av.open(
                str(path), "w", options=options, format={"ts": "mpegts", "apng": "apng", "wmv": "asf"}.get(suffix)
            ) as out:
                video = out.add_stream(codec, rate=25)
                video.width = video.height = SIDE
                video.pix_fmt = pixels
                audio = out.add_stream(heard, rate=48000, layout="mono") if heard else None
                for k in range(6):
                    frame = av.VideoFrame.from_ndarray(np.roll(picture, 3 * k, 1), format="rgb24").reformat(
                        format=pixels
                    )
                    frame.pts, frame.time_base = k, Fraction(1, 25)
                    out.mux(video.encode(frame))
                out.mux(video.encode())
                if audio is not None:
                    samples = av.AudioFrame.from_ndarray(sound, format="s16", layout="mono")
                    samples.sample_rate, samples.time_base, samples.pts = 48000, Fraction(1, 48000), 0
                    out.mux(audio.encode(samples))
                    out.mux(audio.encode())
        except (av.FFmpegError, ValueError):
            continue  # an encoder that this FFmpeg lacks
        yield suffix, path.read_bytes()
    planes = bytes(SIDE * SIDE * 3 // 2)
    yield "y4m", f"YUV4MPEG2 W{SIDE} H{SIDE} F25:1 Ip A1:1 C420jpeg\n".encode() + (b"FRAME\n" + planes) * 3


def pictures() -> Iterator[tuple[str, bytes]]:
    """A picture in every format and mode."""
    import numpy as np
    from PIL import Image

    colours = np.random.default_rng(0).integers(0, 255, (20, 24, 4), np.uint8)
    modes = {
        "RGB": colours[..., :3],
        "RGBA": colours,
        "L": colours[..., 0],
        "I;16": colours[..., 0].astype(np.uint16) * 257,
    }
    for suffix, form in (("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP"), ("bmp", "BMP"), ("tif", "TIFF")):
        for mode, pixels in modes.items():
            out = io.BytesIO()
            try:
                Image.fromarray(pixels).save(out, form)
            except (OSError, ValueError, KeyError):
                continue
            yield suffix, out.getvalue()
            if form == "TIFF" and mode == "RGB":
                for how in ("tiff_lzw", "tiff_adobe_deflate"):
                    packed = io.BytesIO()
                    Image.fromarray(pixels).save(packed, form, compression=how)
                    yield suffix, packed.getvalue()


def resealed(content: bytes) -> bytes:
    """A PNG whose pieces have the check sums that they should have."""
    out, place = bytearray(content[:8]), 8
    while place + 12 <= len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        piece = content[place + 4 : place + 8 + length]
        out += content[place : place + 4] + piece + zlib.crc32(piece).to_bytes(4, "big")
        place += 12 + length
    return bytes(out)


def _changed(seeds: list[tuple[str, bytes]], random: Random) -> tuple[str, bytes]:
    suffix, content = random.choice(seeds)
    content = mutate.raw(content, random, tuple(other for _, other in seeds))
    if suffix in ("png", "apng") and random.random() < 0.7:
        content = resealed(content)
    return (random.choice(seeds)[0] if random.random() < 0.05 else suffix), content


def videos(home: Path) -> Case:
    from bench.media.video_reader import VideoReader

    seeds = list(films())

    def case(random: Random, folder: Path) -> Thunk:
        suffix, content = _changed(seeds, random)
        path = folder / f"film.{suffix}"
        path.write_bytes(content)
        span = random.choice((None, None, (0.04, 0.12), (0.1, None), (7.0, 9.0)))
        start, end = span or (None, None)

        def read() -> None:
            with VideoReader(path, size=(16, 16), start=start, end=end) as reader:
                for each in reader:
                    assert each.pixels.shape[1:] == (3, 16, 16)

        return read

    return case


def heads(home: Path) -> Case:
    from bench.media.probe import probe

    seeds = list(films())

    def case(random: Random, folder: Path) -> Thunk:
        suffix, content = _changed(seeds, random)
        path = folder / f"film.{suffix}"
        path.write_bytes(content)
        return lambda: probe(path)

    return case


def sound(home: Path) -> Case:
    from bench.media.audio_reader import read_audio

    seeds = [(suffix, content) for suffix, content in films() if suffix not in ("gif", "apng", "y4m")]

    def case(random: Random, folder: Path) -> Thunk:
        suffix, content = _changed(seeds, random)
        path = folder / f"film.{suffix}"
        path.write_bytes(content)
        start, end = random.choice(((None, None), (0.05, 0.1), (3.0, None)))
        return lambda: read_audio(path, start=start, end=end)

    return case


def stills(home: Path) -> Case:
    from bench.media.image import read_source, transparency
    from bench.media.image_folder import PictureFolder

    seeds = list(pictures())

    def case(random: Random, folder: Path) -> Thunk:
        suffix, content = _changed(seeds, random)
        path = folder / f"7.{suffix}"
        path.write_bytes(content)
        if random.random() < 0.3:
            (folder / random.choice(("8.png", "9.png", "８.png", "7.PNG", "²³.png", "-1.png"))).write_bytes(seeds[0][1])
            return lambda: list(PictureFolder(folder, 25.0))
        return lambda: (transparency(path), read_source(path, size=(16, 16)))

    return case


def finished(home: Path) -> Case:
    import torch

    from bench.frames import Frames
    from bench.settings import Setting
    from model.interface import Driving
    from model.outside.predictions import Predictions

    seeds = list(films())
    reference = Frames.of(torch.zeros(6, 3, SIDE, SIDE, dtype=torch.uint8), fps=25.0)
    driving = Driving("film", reference.pixels[0], 25.0)

    def case(random: Random, folder: Path) -> Thunk:
        suffix, content = _changed(seeds, random)
        (folder / f"film.{suffix}").write_bytes(content)
        align = random.choice(("strict", "shortest", "time"))

        def read() -> None:
            stream = Predictions(folder, align=align).begin(driving, (Setting(),))
            stream.step(reference)
            for report in stream.close().values():
                assert report.error is None or ("\n" not in report.error and len(report.error) < 3000)

        return read

    return case


READERS = (
    Reader("video heads", heads, share=0.2, megabytes=1000),
    Reader("videos to their ends", videos, share=0.12, megabytes=1000),
    Reader("sound", sound, share=0.12, megabytes=1000),
    Reader("pictures", stills, share=0.3, megabytes=1000),
    Reader("finished predictions", finished, share=0.06, megabytes=1000),
)
