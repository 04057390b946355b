"""From the boxes of a face track to the regions of its mouth crops."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from syncnet.mouth_crop import Region, region

WINDOW = 13
"""Frames of the median filter over a track."""
DELAY = WINDOW // 2
"""Frames between a box and its region."""


@dataclass(slots=True)
class TrackSmoother:
    """Smooths one track as its boxes come: size and centre by a median over 13 frames, zeros beyond both ends.

    A region is known 6 frames after its box. The zeros are part of the public rule: near the ends of a track
    they pull the filtered values to the smallest of the frames in reach.
    """

    _recent: deque[NDArray[np.float64]] = field(
        default_factory=lambda: deque([np.zeros(3)] * WINDOW, maxlen=WINDOW), init=False
    )
    _seen: int = 0

    def push(self, box: NDArray[np.float64]) -> Region | None:
        """The (4,) box of the track's next frame → the region of 6 frames before; None in the first 6 frames."""
        left, top, right, bottom = box
        half = max(bottom - top, right - left) / 2
        self._recent.append(np.array([half, (left + right) / 2, (top + bottom) / 2]))
        self._seen += 1
        return self._region() if self._seen > DELAY else None

    def close(self) -> list[Region]:
        """The last regions of the track. A track of less than 7 frames has no regions: its medians are zeros."""
        if self._seen <= DELAY:
            return []
        rest = []
        for _ in range(DELAY):
            self._recent.append(np.zeros(3))
            rest.append(self._region())
        return rest

    def _region(self) -> Region:
        size, x, y = np.median(np.stack(self._recent), axis=0)
        return region(float(size), float(x), float(y))
