"""Frames by time at another rate: SyncNet's 25 frames a second, or any."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FPS = 25


@dataclass(slots=True)
class Resampler:
    """Chooses, for every time k / `rate`, the frame nearest in time (the earlier of two that are equally near).

    A video of that rate passes unchanged. Frames are numbered as they come; one frame of look-ahead is needed.
    """

    fps: float
    """Nominal rate, which says how long the last frame is shown."""
    rate: float = FPS
    _times: list[float] = field(default_factory=list, init=False)
    _taken: int = field(default=0, init=False)
    _dropped: int = field(default=0, init=False)

    def push(self, times: NDArray[np.float64]) -> list[int]:
        """(T,) seconds of the next frames → numbers of the source frames of the next 25 fps frames."""
        chosen = []
        for time in times.tolist():
            self._times.append(time)
            while len(self._times) > 1:
                earlier, later = self._times[0], self._times[1]
                target = self._taken / self.rate
                # A hair of slack: times are sums of rounded frame durations.
                if later <= target or later - target + 1e-6 < target - earlier:
                    self._times.pop(0)
                    self._dropped += 1
                else:
                    chosen.append(self._dropped)
                    self._taken += 1
        return chosen

    @property
    def held(self) -> int:
        """Number of the earliest source frame that may still be chosen."""
        return self._dropped

    def close(self) -> list[int]:
        """Numbers of the source frames for the time that is left, to the end of the last frame."""
        if not self._times:
            return []
        end = self._times[-1] + 1 / self.fps
        total = math.floor(end * self.rate + 0.5)
        rest = max(total - self._taken, 0)
        self._taken += rest
        return [self._dropped] * rest
