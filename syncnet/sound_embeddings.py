"""The sound of a clip as SyncNet hears it: embeddings by frame, and how much of it is voice."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.compute.scored_frames import FeatureStore
from syncnet import mfcc
from syncnet.fast_network import FastSyncNet
from syncnet.network import COLUMNS

_CHUNK = 32  # frames whose embeddings are computed together
_KEPT = 32  # chunks; a second of sound is 100 kB of embeddings

SILENCE = -60.0
"""dB below full scale: nothing under it counts as voice."""
RANGE = 30.0
"""dB below the loud parts (95th percentile) under which a moment counts as pause."""


@dataclass(slots=True, eq=False)
class SoundEmbeddings:
    """The MFCC of a clip's sound, and its embeddings, computed when they are asked for and kept for a while."""

    samples: NDArray[np.int16]
    """(N,) at 16 kHz."""
    network: FastSyncNet
    stored: FeatureStore | None = None
    """Where embeddings are kept between runs."""
    _columns: NDArray[np.float64] = field(init=False, repr=False)
    _chunks: OrderedDict[int, Tensor] = field(default_factory=OrderedDict, init=False, repr=False)

    def __post_init__(self) -> None:
        self._columns = mfcc.mfcc(self.samples)

    @property
    def windows(self) -> int:
        """Frames, from the first on, that have a whole sound window."""
        columns = int(self._columns.shape[0])
        return max((columns - COLUMNS) // mfcc.COLUMNS_PER_FRAME + 1, 0)

    def embeddings(self, first: int, last: int) -> Tensor:
        """Embeddings of the sound windows of frames `first` to `last` (exclusive): (last - first, 1024)."""
        assert 0 <= first <= last <= self.windows
        chunks = [self._chunk(number) for number in range(first // _CHUNK, -(-last // _CHUNK))]
        if not chunks:
            return torch.empty(0, 1024, device=self.network.device)
        start = first // _CHUNK * _CHUNK
        return torch.cat(chunks)[first - start : last - start]

    def _chunk(self, number: int) -> Tensor:
        if number not in self._chunks:
            first, last = number * _CHUNK, min((number + 1) * _CHUNK, self.windows)
            windows = torch.from_numpy(mfcc.windows(self._columns, first, last))
            embed = self.network.audio
            if self.stored is not None:
                known = self.stored.per_frame(f"{self.network.name}-sound", first, windows, embed)
                self._chunks[number] = known.to(self.network.device)
            else:
                self._chunks[number] = embed(windows)
            if len(self._chunks) > _KEPT:
                self._chunks.popitem(last=False)
        return self._chunks[number]


def voiced_share(samples: NDArray[np.int16]) -> float:
    """Share of 10 ms stretches of (N,) int16 sound at 16 kHz that are loud enough to be voice.

    By energy alone: above -60 dB of full scale and within 30 dB of the 95th percentile. Music and noise count too; it
    is a note beside the score, and 0 means silence.
    """
    whole = samples[: samples.shape[0] // mfcc.HOP * mfcc.HOP].reshape(-1, mfcc.HOP)
    if not whole.shape[0]:
        return 0.0
    power = np.einsum("ij,ij->i", whole, whole, dtype=np.float64) / mfcc.HOP
    level = 10 * np.log10(np.maximum(power, 1e-9) / 32768.0**2)
    threshold = max(SILENCE, float(np.percentile(level, 95)) - RANGE)
    return float((level > threshold).mean())
