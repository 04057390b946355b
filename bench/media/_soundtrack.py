"""The sound that a written video carries: its clip's own, copied or encoded anew, in step with the picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
import soxr
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from numpy.typing import NDArray

from bench.media._container import audio_stream, open_media, seek_before
from bench.media._sound import SoundSpan, sound_blocks
from bench.media.probe import first_picture_time

SoundCodec = Literal["aac", "pcm_s16le"]
_FORMATS: dict[SoundCodec, str] = {"aac": "fltp", "pcm_s16le": "s16"}
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)


@dataclass(frozen=True, slots=True)
class AudioSource:
    """The sound of the media file `path`, from `start` to `end` in seconds from its first shown frame."""

    path: Path
    start: float | None = None
    end: float | None = None


class Soundtrack:
    """Feeds a container with a clip's sound while the picture is being written.

    `origin` is the clip's time that becomes 0 in the output. AAC whose packets can be moved as they are is copied
    without loss; everything else is decoded, laid on the clip's clock and encoded (mono stays mono, more channels
    become stereo). The sound never goes on after the picture by more than one packet.
    """

    def __init__(self, output: OutputContainer, source: AudioSource, origin: float, codec: SoundCodec) -> None:
        self._output = output
        self._files = ExitStack()
        self._packets: Iterator[Packet[AudioStream]] = iter(())
        self._next: Packet[AudioStream] | None = None
        self._end = None if source.end is None else source.end - origin
        container = self._files.enter_context(open_media(source.path))
        track = audio_stream(container)
        if track is not None and track.rate:
            zero = first_picture_time(source.path) + origin
            if codec == "aac" and _can_be_copied(container, track):
                self._packets = self._copied(container, track, zero)
            else:
                end = None if self._end is None else zero + self._end
                self._packets = self._encoded(container, track, SoundSpan(zero, end), codec)
            self._next = next(self._packets, None)

    def feed(self, until: float) -> None:
        """Write the packets that begin before `until`, in seconds of the output."""
        if self._end is not None:
            until = min(until, self._end)
        while self._next is not None and float((self._next.pts or 0) * self._next.time_base) < until:
            self._output.mux(self._next)
            self._next = next(self._packets, None)

    def close(self) -> None:
        """Let go of the clip's file."""
        self._files.close()

    def _copied(self, container: InputContainer, track: AudioStream, zero: float) -> Iterator[Packet[AudioStream]]:
        """The track's own packets, moved by `zero` seconds.

        The last packet before 0 is kept, for AAC decodes a packet on top of the one before it; the container's edit
        list hides what sounds before 0.
        """
        stream = self._output.add_stream_from_template(track)
        assert track.time_base is not None
        shift = round(zero / track.time_base)
        return _from_last_before_zero(_moved(container, track, zero, shift, stream))

    def _encoded(
        self, container: InputContainer, track: AudioStream, span: SoundSpan, codec: SoundCodec
    ) -> Iterator[Packet[AudioStream]]:
        layout = "mono" if track.channels == 1 else "stereo"
        rate = track.rate if codec != "aac" or track.rate in _AAC_RATES else 48000
        stream = self._output.add_stream(codec, rate=rate, layout=layout, format=_FORMATS[codec])
        blocks = sound_blocks(container, track, span, layout=layout)
        if rate != track.rate:
            blocks = _resampled(blocks, track.rate, rate, channels=stream.channels)
        return _packets(stream, blocks, rate, layout, codec)


def _can_be_copied(container: InputContainer, track: AudioStream) -> bool:
    """Whether the packets are bare AAC with their configuration beside them, as MP4 wants them."""
    described = track.codec_context.extradata is not None
    return track.codec_context.name == "aac" and described and container.format.name.startswith("mov")


def _moved(
    container: InputContainer, track: AudioStream, zero: float, shift: int, stream: AudioStream
) -> Iterator[Packet[AudioStream]]:
    seek_before(container, zero)
    for packet in container.demux(track):
        if packet.pts is None or packet.size == 0:
            continue
        packet.pts -= shift
        packet.dts = packet.pts
        packet.stream = stream
        yield packet


def _from_last_before_zero(packets: Iterator[Packet[AudioStream]]) -> Iterator[Packet[AudioStream]]:
    before: Packet[AudioStream] | None = None
    for packet in packets:
        if (packet.pts or 0) + (packet.duration or 0) <= 0:
            before = packet
            continue
        if before is not None:
            yield before
            before = None
        yield packet


def _resampled(
    blocks: Iterator[NDArray[np.float32]], rate: int, wanted: int, *, channels: int
) -> Iterator[NDArray[np.float32]]:
    resampler = soxr.ResampleStream(rate, wanted, channels, dtype="float32", quality="VHQ")
    for block in blocks:
        yield resampler.resample_chunk(np.ascontiguousarray(block.T)).reshape(-1, channels).T
    yield resampler.resample_chunk(np.empty((0, channels), np.float32), last=True).reshape(-1, channels).T


def _packets(
    stream: AudioStream, blocks: Iterator[NDArray[np.float32]], rate: int, layout: str, codec: SoundCodec
) -> Iterator[Packet[AudioStream]]:
    done = 0
    for block in blocks:
        if not block.shape[1]:
            continue
        frame = _frame(block, layout, codec)
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), done
        done += block.shape[1]
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _frame(block: NDArray[np.float32], layout: str, codec: SoundCodec) -> AudioFrame:
    if codec == "aac":
        return av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout=layout)
    samples = np.clip(np.rint(block.T.astype(np.float64) * 32768), -32768, 32767).astype(np.int16)
    return av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.reshape(1, -1)), format="s16", layout=layout)
