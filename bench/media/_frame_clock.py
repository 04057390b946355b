"""Presentation times of a clip's frames."""

from __future__ import annotations

from fractions import Fraction

_JUMP = 0.5  # seconds backwards from which a time stamp is a new start, not a wrong stamp
_LEAP = 3600.0  # seconds forwards from which it is one, too
_NUDGE = 1e-3  # seconds


class FrameClock:
    """Turns time stamps into seconds from the first frame, strictly rising.

    A frame without a stamp comes one frame period after its predecessor, one whose stamp does not advance 1 ms after
    it; where stamps jump back by half a second or more, or on by an hour (two recordings put behind each other), the
    clock goes on.
    `mended` counts such frames. `zero` is the stamp of the first frame in seconds, where it is known beforehand.
    """

    def __init__(self, *, period: float, zero: float | None = None) -> None:
        self._period = period
        self._zero = zero
        self._last: float | None = None
        self.mended = 0

    def time(self, stamp: int | None, time_base: Fraction | None) -> float:
        """Seconds from the first frame of the next one, whose stamp is `stamp` × `time_base`."""
        follows = 0.0 if self._last is None else self._last + self._period
        if stamp is None or time_base is None:
            self.mended += 1
            self._last = follows
            return follows
        seconds = float(stamp * time_base)
        if self._zero is None:
            self._zero = seconds - follows
        now = seconds - self._zero
        if self._last is not None and not self._last < now < self._last + _LEAP:
            self.mended += 1
            if self._last - _JUMP < now <= self._last:
                now = self._last + _NUDGE
            else:
                self._zero = seconds - follows
                now = follows
        self._last = now
        return now
