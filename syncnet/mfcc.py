"""The sound side of SyncNet: mel-frequency cepstra at 100 Hz, four columns a video frame."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray
from python_speech_features import mfcc as cepstra

from syncnet.network import COEFFICIENTS, COLUMNS

RATE = 16_000
"""Samples a second."""
HOP = RATE // 100
"""Samples between MFCC columns."""
COLUMNS_PER_FRAME = 4
SAMPLES_PER_FRAME = HOP * COLUMNS_PER_FRAME

_WINDOW = RATE // 40  # 25 ms
_CHUNK = 3000  # columns at once: the power spectra of an hour of sound would take a gigabyte


def mfcc(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """(N,) int16 mono samples at 16 kHz → (T, 13) MFCC at 100 Hz, as python_speech_features computes them by default.

    25 ms windows every 10 ms, 26 filters, 512-point spectrum, pre-emphasis 0.97, lifter 22, coefficient 0 replaced by
    the log energy; the last window is padded with zeros. Long sound goes through in pieces; the result is the same.

    Raises:
        TypeError: samples are not int16: floats in [-1, 1] would shift coefficient 0 by 20.8 and score without a word.
    """
    if samples.dtype != np.int16:
        raise TypeError(f"SyncNet's MFCC takes int16 samples, these are {samples.dtype}: scale them by 32767 and round")
    if samples.ndim != 1:
        raise TypeError(f"SyncNet's MFCC takes mono sound, these samples have shape {samples.shape}: mix the channels")
    total = column_count(samples.shape[0])
    pieces = []
    for first in range(0, max(total, 1), _CHUNK):
        last = min(first + _CHUNK, total)
        # One column of lead-in, thrown away again, gives the pre-emphasis of the first sample its predecessor.
        lead = min(first, 1)
        stop = samples.shape[0] if last == total else (last - 1) * HOP + _WINDOW
        piece = cepstra(samples[(first - lead) * HOP : stop], RATE, numcep=COEFFICIENTS)
        pieces.append(piece[lead:])
    return np.concatenate(pieces)


def column_count(samples: int) -> int:
    """Number of MFCC columns of `samples` samples."""
    return 1 if samples <= _WINDOW else 1 + -(-(samples - _WINDOW) // HOP)


def windows(columns: NDArray[np.float64], first: int, last: int) -> NDArray[np.float32]:
    """The sound windows of frames `first` to `last` (exclusive): (T, 13) MFCC → (last - first, 13, 20).

    Window i holds the columns 4i … 4i + 19.
    """
    cut = columns[first * COLUMNS_PER_FRAME : (last - 1) * COLUMNS_PER_FRAME + COLUMNS]
    view = np.lib.stride_tricks.sliding_window_view(cut, COLUMNS, axis=0)[::COLUMNS_PER_FRAME]
    return view.astype(np.float32)


def at_16_khz(samples: NDArray[np.int16], rate: int) -> NDArray[np.int16]:
    """(N,) int16 at `rate` Hz → int16 at 16 kHz (soxr, high quality; rounded and saturated, never wrapped)."""
    if rate == RATE:
        return samples
    return np.asarray(soxr.resample(samples, rate, RATE, quality="HQ"))
