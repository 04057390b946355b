"""Times of the frames of an AVI file, which stores none: it has slots at the frame rate, and some are empty."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import median_low

STRAY = 2
"""Empty slots up to which they are a trace of writing the file (FFmpeg leaves one behind the first frame, by the
rounding of the sound's start), and the frames are taken for evenly spaced. More are frames that were left out, and the
one before stays on the screen."""


@dataclass(frozen=True, slots=True)
class Slots:
    """The slots that hold a frame, rising, and the seconds that one lasts."""

    filled: tuple[int, ...]
    period: Fraction

    @classmethod
    def of(cls, stamps: Sequence[float], period: Fraction) -> Slots:
        """Slots of frames that are stored at `stamps` seconds."""
        return cls(tuple(sorted({round(stamp / float(period)) for stamp in stamps})), period)

    @property
    def empty(self) -> int:
        """Slots without a frame between the first and the last."""
        return self.filled[-1] - self.filled[0] + 1 - len(self.filled)

    @property
    def even(self) -> bool:
        """Whether the frames are evenly spaced, but for strays."""
        return self.empty <= STRAY

    @property
    def start(self) -> float:
        """When the first frame is shown, in seconds: where the frames are even, a whole number before most others."""
        later = median_low(slot - rank for rank, slot in enumerate(self.filled)) if self.even else self.filled[0]
        return float(later * self.period)

    def time(self, rank: int) -> float:
        """Seconds from the first frame of the frame number `rank`."""
        if self.even:
            return float(rank * self.period)
        beyond = max(rank - len(self.filled) + 1, 0)
        return float((self.filled[rank - beyond] - self.filled[0] + beyond) * self.period)


@dataclass(slots=True)
class SlotClock:
    """Times of decoded frames by the slots of the file.

    Where a codec puts frames in another order than they are shown, a stamp says nothing of its frame, and frames are
    counted; elsewhere it names the slot, so that frames behind one that cannot be decoded keep their times.
    """

    slots: Slots
    reordered: bool
    mended: int = 0
    _next: int = field(default=0, init=False)
    _delay: int | None = field(default=None, init=False)
    """Slots by which the decoder stamps its pictures late."""

    def time(self, stamp: int | None, time_base: Fraction | None) -> float:
        """Seconds from the first frame of the next one, whose stamp is `stamp` × `time_base`."""
        rank = self._next
        if stamp is not None and time_base is not None and not self.reordered:
            slot = round(stamp * time_base / self.slots.period)
            if self._delay is None:
                self._delay = slot - self.slots.filled[0]
            rank = max(rank, bisect_left(self.slots.filled, slot - self._delay))
        self._next = rank + 1
        return self.slots.time(rank)
