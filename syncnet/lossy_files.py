"""Lossy codecs in memory: what the public SyncNet pipeline's intermediate files do to picture and sound."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, cast

import av
import numpy as np
import soxr
from av.codec.context import CodecContext
from numpy.typing import NDArray

from bench.audio import Audio
from bench.media.opencv_resize import Pixels

FPS = 25
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


@dataclass(frozen=True, slots=True)
class Codec:
    """A picture codec as the public pipeline uses it: at a fixed quantiser, or at a bit rate (bits a second)."""

    name: Literal["mpeg4", "mjpeg"]
    quantiser: int | None = None
    rate: int | None = None
    group: int = 12


FRAMES = (Codec("mpeg4", quantiser=2), Codec("mjpeg", quantiser=2))
"""What frames go through before faces are looked for and mouths are cut."""
CROPS = (Codec("mpeg4", rate=4 * FPS * 224 * 224), Codec("mjpeg", rate=200_000))
"""What mouth crops go through before the network: OpenCV's XVID at its own bit rate, ffmpeg's JPEG at its default."""


class Carrier:
    """A codec there and back, picture by picture, with the memory that a video encoder has of earlier pictures."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._encoder: av.VideoCodecContext | None = None
        self._decoder = CodecContext.create(codec.name, "r")
        self._count = 0

    def __call__(self, picture: Pixels) -> Pixels:
        """(3, H, W) uint8 RGB → what is decoded of it, the same shape."""
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture.transpose(1, 2, 0)), format="rgb24")
        if self._encoder is None:
            self._encoder = self._opened(frame.width, frame.height)
        frame = frame.reformat(format=self._encoder.pix_fmt)
        frame.pts, frame.time_base = self._count, Fraction(1, FPS)
        self._count += 1
        decoded = [out for packet in self._encoder.encode(frame) for out in self._decoder.decode(packet)]
        if not decoded:  # a decoder may hold one picture back
            decoded = self._decoder.decode(None)
            self._decoder.flush_buffers()
        (back,) = decoded
        return np.asarray(back.to_ndarray(format="rgb24"), np.uint8).transpose(2, 0, 1)

    def _opened(self, width: int, height: int) -> av.VideoCodecContext:
        encoder = CodecContext.create(self._codec.name, "w")
        encoder.width, encoder.height = width, height
        encoder.pix_fmt = "yuvj420p" if self._codec.name == "mjpeg" else "yuv420p"
        encoder.time_base, encoder.framerate = Fraction(1, FPS), Fraction(FPS)
        options = {"g": str(self._codec.group), "bf": "0", "threads": "1"}
        if self._codec.quantiser is not None:
            options |= {"flags": "+qscale", "global_quality": str(self._codec.quantiser * 118)}  # FF_QP2LAMBDA
        if self._codec.rate is not None:
            encoder.bit_rate = self._codec.rate
        encoder.options = options
        return encoder


def through(carriers: list[Carrier], picture: Pixels) -> Pixels:
    """The picture after all carriers, one after the other."""
    for carrier in carriers:
        picture = carrier(picture)
    return picture


def through_mp3(sound: Audio) -> Audio:
    """Sound at the rate that it has, or the nearest that MP3 knows, as it comes out of MP3."""
    rate = min(_MP3_RATES, key=lambda known: abs(known - sound.rate))
    samples = sound.samples
    if rate != sound.rate:
        samples = np.asarray(soxr.resample(samples, sound.rate, rate, quality="VHQ"), np.int16)
    return Audio(mp3(samples, rate), rate)


def mp3(samples: NDArray[np.int16], rate: int) -> NDArray[np.int16]:
    """(N,) int16 sound through MP3 and back, late by the encoder's 1105 samples, at the same rate."""
    encoder = CodecContext.create("libmp3lame", "w")
    encoder.sample_rate, encoder.layout, encoder.format = rate, "mono", "s16p"
    encoder.bit_rate = 128_000
    decoder = cast(av.AudioCodecContext, CodecContext.create("mp3float", "r"))
    frame = av.AudioFrame.from_ndarray(samples[None], format="s16p", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    encoder.open()
    fifo = av.AudioFifo()
    fifo.write(frame)
    packets = []
    while (piece := fifo.read(encoder.frame_size, partial=True)) is not None:
        packets += encoder.encode(piece)
    packets += encoder.encode(None)
    # Bare bytes, as an AVI file holds them: the encoder's note of its own delay is lost there.
    pieces = [out for packet in packets for out in decoder.decode(av.Packet(bytes(packet)))]
    heard = np.concatenate([piece.to_ndarray()[0] for piece in pieces])
    return np.asarray(np.clip(np.rint(heard * 32768), -32768, 32767), np.int16)
