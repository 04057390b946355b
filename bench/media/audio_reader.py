"""Sound of video files as int16 mono on the clip's clock."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from bench.audio import Audio, loudest
from bench.errors import MediaError
from bench.media._container import audio_stream, open_media
from bench.media._sound import SoundSpan, sound_blocks
from bench.media.probe import first_picture_time

_QUIET = 1000  # |int16| of a mix below which it is looked whether its channels are as quiet
_FULL = 1 / 32768**2  # the power of int16 samples, full scale as 1
_AT_ONCE = 1 << 16
_LOST = 1e-3  # of the channels' power that is left in a mix that has cancelled out


def read_audio(
    path: Path | str, *, rate: int | None = 16000, start: float | None = None, end: float | None = None
) -> Audio | None:
    """A file's sound; None where it has no sound track.

    Sample 0 is heard when the first video frame is shown (or `start` seconds later), so start times, edit lists,
    codec priming and Opus pre-skip are honoured: a track that begins late has silence before it, and holes in it are
    silent. A track that ends before the picture ends early here too. Of several tracks the default one is read.

    Channels are mixed down as FFmpeg does (stereo: the mean of left and right; more: front 1, centre √2, back and side
    1/√2, no LFE, scaled to sum 1), then resampled with soxr at its very high quality, then rounded to int16, clipped at
    full scale. Channels that cancel each other out so are told of (`cancelled`). `rate` None keeps the track's own
    rate.

    Raises:
        MediaError: the file cannot be read.
    """
    path = Path(path)
    zero = first_picture_time(path)
    with open_media(path) as container:
        stream = audio_stream(container)
        if stream is None:
            return None
        if not stream.rate:
            raise MediaError(f"{path}: its sound track cannot be decoded: re-encode it as AAC")
        span = SoundSpan(zero + (start or 0.0), None if end is None else zero + end)
        wanted = rate or stream.rate
        resampler = soxr.ResampleStream(stream.rate, wanted, 1, dtype="float32", quality="VHQ")
        held = bytearray()  # grows in place: a long track is not in memory twice
        for block in sound_blocks(container, stream, span, layout="mono"):
            held += _to_int16(resampler.resample_chunk(block[0])).data
        held += _to_int16(resampler.resample_chunk(np.empty(0, np.float32), last=True)).data
        samples = np.frombuffer(held, np.int16)
        quiet = samples.size > 0 and stream.channels > 1 and loudest(samples) < _QUIET
    return Audio(samples, wanted, cancelled=quiet and _power([samples]) * _FULL < _LOST * _channels(path, span))


def _channels(path: Path, span: SoundSpan) -> float:
    """Mean power of the two channels of a track, full scale as 1."""
    with open_media(path) as container:
        stream = audio_stream(container)
        assert stream is not None
        return _power(sound_blocks(container, stream, span, layout="stereo"))


def _power(blocks: Iterable[NDArray[Any]]) -> float:
    """Mean square of all samples."""
    total, count = 0.0, 0
    for block in blocks:
        flat = block.reshape(-1)
        for start in range(0, flat.size, _AT_ONCE):
            total += float(np.square(flat[start : start + _AT_ONCE], dtype=np.float64).sum())
        count += flat.size
    return total / count


def _to_int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Full scale ±1 → ±32768, rounded halves to even, clipped as a sound card would."""
    return np.clip(np.rint(samples.astype(np.float64) * 32768), -32768, 32767).astype(np.int16)
