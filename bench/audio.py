"""Sound of a clip, and when it is silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SILENCE = 3
"""Largest |int16 sample| of a track that counts as digital silence: -80 dBFS, room for dither."""

CANCELLED = "the channels of its sound cancel each other out when they are mixed to one (antiphase)"


def is_silent(audio: Audio) -> bool:
    """Whether there is nothing to hear: no sample, or none above -80 dBFS."""
    return audio.samples.size == 0 or loudest(audio.samples) <= SILENCE


def loudest(samples: NDArray[np.int16]) -> int:
    """Largest |sample| of (N,) int16, N > 0."""
    return max(int(samples.max()), -int(samples.min()))


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """Sound of a clip: `samples` (N,) int16 mono at `rate` Hz; sample 0 is heard at the clip's time 0.

    `cancelled`: the channels were mixed down to next to nothing, though each is loud.
    """

    samples: NDArray[np.int16]
    rate: int
    cancelled: bool = False
