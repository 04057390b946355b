"""Decoded sound laid on the clip's clock, whatever the container makes of its time stamps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from bench.media._container import seek_before

_DRIFT = 0.02  # seconds between time stamps and counted samples from which the stamps are right
_JUMP, _LEAP = 0.5, 3600.0  # seconds back and forth from which a stamp is a new start: bench/media/_frame_clock.py
"""Forth, with all the holes before it: silence is made up for an hour in all, not for what any stamp says."""


@dataclass(frozen=True, slots=True)
class SoundSpan:
    """Part of a sound track on the container's clock: seconds `start` … `end` (None: to its end)."""

    start: float
    end: float | None = None


def sound_blocks(
    container: InputContainer, stream: AudioStream, span: SoundSpan, *, layout: str
) -> Iterator[NDArray[np.float32]]:
    """The span's sound in blocks (channels, n) float32 at the track's own rate, sample 0 at `span.start`.

    Silence stands where the track has none yet or has a hole; a track that ends early ends the blocks early. Codec
    priming and edit lists are honoured by the decoder's time stamps. Packets that cannot be decoded leave a hole.
    Where time stamps jump back, the sound goes on as the picture does.
    """
    rate = stream.rate
    length = None if span.end is None else max(round((span.end - span.start) * rate), 0)
    mixer = _Mixer(layout, rate)
    done = moved = silent = 0
    for frame in _frames(container, stream, span.start):
        position = _position(frame, span.start, rate)
        position = done if position is None else position + moved
        samples = mixer.mixed(frame)
        if (done and position - done <= -_JUMP * rate) or position - done + silent >= _LEAP * rate:
            moved += done - position  # two recordings put behind each other
            position = done
        elif done and abs(position - done) <= _DRIFT * rate:
            position = done
        while position > done and (length is None or done < length):
            gap = min(position - done, rate, position if length is None else length - done)
            silent += gap
            yield np.zeros((samples.shape[0], gap), np.float32)
            done += gap
        samples = samples[:, done - position :]
        if length is not None:
            samples = samples[:, : length - done]
        if samples.shape[1]:
            yield samples
            done += samples.shape[1]
        if length is not None and done >= length:
            return


class _Mixer:
    """Brings frames to one layout; a track may change its own on the way, as broadcasts do."""

    def __init__(self, layout: str, rate: int) -> None:
        self._layout, self._rate = layout, rate
        self._form: tuple[str, str, int] | None = None
        self._resampler = AudioResampler()

    def mixed(self, frame: AudioFrame) -> NDArray[np.float32]:
        """(channels, n) float32."""
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._form:
            # A mix is scaled to stay within full scale (stereo to mono: the mean), as when FFmpeg mixes to int16.
            options = {"rematrix_maxval": "1.0"}
            self._resampler = AudioResampler(format="fltp", layout=self._layout, rate=self._rate, options=options)
            self._form = form
        blocks = [block.to_ndarray() for block in self._resampler.resample(frame)]
        nothing = np.empty((1 if self._layout == "mono" else 2, 0), np.float32)
        return np.concatenate([nothing, *blocks], axis=1, dtype=np.float32)


def _frames(container: InputContainer, stream: AudioStream, start: float) -> Iterator[AudioFrame]:
    """Decoded frames from shortly before `start` at the latest."""
    seek_before(container, start)
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            packet = None  # the file breaks off here
        try:
            yield from stream.decode(packet)
        except av.EOFError:
            return
        except av.FFmpegError:
            pass  # a hole, which the next time stamp shows
        if packet is None:
            return


def _position(frame: AudioFrame, start: float, rate: int) -> int | None:
    """Index of the frame's first sample, counted from `start`; negative before it."""
    if frame.pts is None or frame.time_base is None:
        return None
    return round((float(frame.pts * frame.time_base) - start) * rate)
