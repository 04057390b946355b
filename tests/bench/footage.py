"""Small videos made from scikit-image's astronaut and synthetic sound, for tests that need a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from numpy.typing import NDArray
from scipy.signal import correlate, resample_poly
from skimage import data

ACCURATE = (
    Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP
)
ASTRONAUT = data.astronaut()
BITS = 9  # frames carry their number as black and white blocks in the top rows


def picture(number: int, *, height: int = 64, width: int = 96) -> NDArray[np.uint8]:
    """(H, W, 3): the astronaut's face, moving with `number`, which stands in the top eight rows as binary blocks."""
    face = ASTRONAUT[20 + number % 40 :, 150 + number % 30 :][:height, :width].copy()
    block = width // BITS
    for bit in range(BITS):
        face[:8, bit * block : (bit + 1) * block] = 235 if number >> bit & 1 else 16
    return face


def pictures(count: int, *, height: int = 64, width: int = 96) -> list[NDArray[np.uint8]]:
    return [picture(number, height=height, width=width) for number in range(count)]


def numbers(pixels: NDArray[np.uint8]) -> list[int]:
    """The numbers that frames (T, 3, H, W) carry."""
    block = pixels.shape[3] // BITS
    found = []
    for frame in pixels:
        middles = [frame[:, 2:6, bit * block + 2 : (bit + 1) * block - 2].mean() > 128 for bit in range(BITS)]
        found.append(sum(1 << bit for bit, white in enumerate(middles) if white))
    return found


def speech(seconds: float, rate: int = 16000, *, seed: int = 0) -> NDArray[np.int16]:
    """Bursts of band-limited noise: loud, never periodic, so that a shift of one sample can be found."""
    generator = np.random.default_rng(seed)
    samples = int(seconds * 8000)
    noise = generator.standard_normal(samples) * (np.sin(np.arange(samples) / 900.0) ** 2)
    wave = resample_poly(noise, rate, 8000)[: int(seconds * rate)]
    return np.asarray(np.rint(wave / np.abs(wave).max() * 12000), dtype=np.int16)


def lag(heard: NDArray[np.int16], said: NDArray[np.int16]) -> int:
    """By how many samples `heard` comes after `said`, by cross-correlation."""
    scores = correlate(heard.astype(np.float64), said.astype(np.float64), method="fft")
    return int(scores.argmax()) - (len(said) - 1)


@dataclass(frozen=True)
class Sound:
    """A track: samples (N,) or (channels, N) int16, first heard `start` seconds after time 0.

    The second half is stamped `pause` seconds later than it follows (for codecs without frames of a fixed length).
    """

    samples: NDArray[np.int16]
    rate: int = 16000
    codec: str = "aac"
    start: float = 0.0
    pause: float = 0.0
    default: bool = True


def write(
    path: Path,
    frames: Iterable[NDArray[np.uint8]],
    *,
    rate: Fraction | int = 25,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    stamps: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    sounds: Sequence[Sound] = (),
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    colorspace: Colorspace | None = None,
    color_range: ColorRange | None = None,
    rotation: tuple[int, bool] | None = None,
    cover: NDArray[np.uint8] | None = None,
    file_format: str | None = None,
) -> Path:
    """A video file; `stamps` are the frames' times in ticks of `time_base`, by default 0, 1, 2, … at `rate`."""
    frames = iter(frames)
    first = next(frames)
    with av.open(str(path), "w", format=file_format, container_options=container or {}) as output:
        video = output.add_stream(codec, rate=rate, options={"crf": "10"} if options is None else options)
        video.height, video.width = first.shape[:2]
        video.pix_fmt = pix_fmt
        if colorspace is not None:
            video.codec_context.colorspace = colorspace
        if color_range is not None:
            video.codec_context.color_range = color_range
        time_base = time_base or 1 / Fraction(rate)
        video.codec_context.time_base = time_base
        if rotation is not None:
            video.set_display_rotation(rotation[0], hflip=rotation[1])
        tracks = [_track(output, sound) for sound in sounds]
        attached = None
        if cover is not None:
            attached = output.add_stream("mjpeg", rate=1)
            attached.height, attached.width = cover.shape[:2]
            attached.pix_fmt = "yuvj444p"
            attached.disposition = av.stream.Disposition.attached_pic
        for number, rgb in enumerate([first, *frames]):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
                format=pix_fmt,
                interpolation=ACCURATE,
                dst_colorspace=colorspace or Colorspace.ITU601,
                src_color_range=ColorRange.JPEG,
                dst_color_range=color_range or ColorRange.MPEG,
            )
            frame.pts = number if stamps is None else stamps[number]
            frame.time_base = time_base
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        for track, sound in zip(tracks, sounds, strict=True):
            for packet in _sound_packets(track, sound):
                output.mux(packet)
        if attached is not None and cover is not None:
            frame = av.VideoFrame.from_ndarray(cover, format="rgb24").reformat(format="yuvj444p")
            output.mux([*attached.encode(frame), *attached.encode(None)])
    return path


def write_sound(path: Path, sound: Sound) -> Path:
    """A file with a sound track only."""
    with av.open(str(path), "w") as output:
        track = _track(output, sound)
        for packet in _sound_packets(track, sound):
            output.mux(packet)
    return path


def _track(output: av.container.OutputContainer, sound: Sound) -> av.AudioStream:
    layout = "mono" if sound.samples.ndim == 1 else {2: "stereo", 6: "5.1"}[len(sound.samples)]
    track = output.add_stream(sound.codec, rate=sound.rate, layout=layout)
    track.disposition = av.stream.Disposition.default if sound.default else av.stream.Disposition(0)
    return track


def _sound_packets(track: av.AudioStream, sound: Sound) -> Iterable[av.Packet]:
    interleaved = np.ascontiguousarray(np.atleast_2d(sound.samples).T)
    halves = np.array_split(interleaved, 2) if sound.pause else [interleaved]
    position = round(sound.start * sound.rate)
    for half in halves:
        frame = av.AudioFrame.from_ndarray(half.reshape(1, -1), format="s16", layout=track.layout.name)
        frame.sample_rate, frame.time_base, frame.pts = sound.rate, Fraction(1, sound.rate), position
        position += len(half) + round(sound.pause * sound.rate)
        yield from track.encode(frame)
    yield from track.encode(None)
