"""Whether two tracks are the same sound, whatever codecs, containers and volume knobs lie between them.

The rule: every second of the first that is not quiet (within 30 dB of its loudest second) is looked for in the second
track, at most 0.1 s earlier or later, which is more than the priming of any usual codec. It is found where the
correlation of the samples, whatever its sign, reaches 0.4 at some lag. Tracks of which nine seconds in ten are found
are the same sound. Speech that went through codecs (AAC, MP3, Opus at 6 kbit/s, a telephone's band) keeps 0.58 and more
in its worst second, that of other people stays under 0.23.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.signal import correlate

from bench.audio import Audio, is_silent

LAG = 0.1
"""Seconds by which a codec may move a sound."""
FAR = 1.0
"""Seconds by which a sound is looked for that was moved."""
_ALIKE, _SHARE = 0.4, 0.9
_QUIET = 1e-3  # power, of the loudest second's
_SHORTEST = 0.25  # seconds that say something

Floats = NDArray[np.float64]


def same_sound(one: Audio, other: Audio) -> bool:
    """Whether two tracks of one rate are the same sound, as far as both go; True where that is too short to tell.

    Silence is the same sound as silence alone.
    """
    if is_silent(one) or is_silent(other):
        return is_silent(one) == is_silent(other)
    found = list(_found(one, other, LAG))
    return not found or _are_same(found)


def moved(one: Audio, other: Audio) -> float | None:
    """By how many seconds, at most one, `other` comes later than `one` where it is the same sound; None where not."""
    if is_silent(one) or is_silent(other):
        return None
    found = list(_found(one, other, FAR))
    if not found or not _are_same(found):
        return None
    lags = np.array([lag for alike, lag in found if alike >= _ALIKE])
    middle = float(np.median(lags))
    return middle if float((np.abs(lags - middle) <= LAG).mean()) >= _SHARE else None


def _are_same(found: list[tuple[float, float]]) -> bool:
    return sum(alike >= _ALIKE for alike, _ in found) >= _SHARE * len(found)


def _found(one: Audio, other: Audio, farthest: float) -> Iterator[tuple[float, float]]:
    """Of every second of `one` that is not quiet: its highest correlation with `other`, and the seconds of that lag."""
    rate, reach = one.rate, round(farthest * one.rate)
    common = min(len(one.samples), len(other.samples))
    length = min(common, rate)
    if length < _SHORTEST * rate:
        return
    starts = range(0, common - length + 1, length)
    power = np.array([np.square(one.samples[at : at + length], dtype=np.float64).mean() for at in starts])
    for at, level in zip(starts, power.tolist(), strict=True):
        if level > _QUIET * power.max():
            likeness = _likeness(one.samples[at : at + length], _around(other.samples, at, length, reach))
            best = int(likeness.argmax())
            yield float(likeness[best]), (best - reach) / rate


def _around(samples: NDArray[np.int16], at: int, length: int, reach: int) -> Floats:
    """(length + 2 reach,) samples about those from `at` on, with zeros beyond the track."""
    found = np.zeros(length + 2 * reach)
    first, last = max(at - reach, 0), min(at + length + reach, len(samples))
    found[first - (at - reach) : last - (at - reach)] = samples[first:last]
    return found


def _likeness(part: NDArray[np.int16], around: Floats) -> Floats:
    """|correlation| of a part (N,) with every N samples of `around` (N + M,): (M + 1,)."""
    wave = part.astype(np.float64)
    energy = np.cumsum(np.concatenate([[0.0], np.square(around)]))
    norms = np.sqrt(np.maximum(energy[len(wave) :] - energy[: -len(wave)], 1.0) * np.square(wave).sum())
    return np.asarray(np.abs(correlate(around, wave, mode="valid", method="fft")) / norms)
