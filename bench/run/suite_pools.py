"""Values of the whole suite (FID, KID) as they grow from the clips' parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bench.outcome import Outcome, Pool
from bench.results.pool_file import Pools

_AT_ONCE = 8


@dataclass(slots=True)
class SuitePools:
    """What the suite-wide values are made from. Clips are merged in the suite's order, whichever ends first.

    `read` gives the pools of a clip that has ended, by its place in the suite: a clip that must wait for another is not
    kept in memory.
    """

    read: Callable[[int], Pools]
    merged: dict[str, dict[str, Pool]] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)
    taken: set[int] = field(default_factory=set)
    """Those that are merged or wait."""
    following: int = 0

    def take(self, place: int) -> None:
        """The clip at this place has ended, and can be read.

        Of many that could be merged now, a few are: results that come meanwhile are to be kept soon.
        """
        self.known([place])
        for _ in range(_AT_ONCE):
            if self.following in self.waiting:
                self._merge(self.following)
                self.following += 1

    def known(self, places: Iterable[int]) -> None:
        """The clips at these places had ended before: they are read with the next ones."""
        new = set(places)
        self.waiting |= new
        self.taken |= new

    def close_up(self) -> None:
        """No clip comes any more: those behind a gap are merged too, as an interrupted run has gaps."""
        for place in sorted(self.waiting):
            self._merge(place)

    def outcomes(self) -> dict[str, dict[str, Outcome]]:
        """Row → metric id → value over all clips that have ended."""
        self.close_up()
        return {
            row: {metric: pool.outcome() for metric, pool in by_metric.items()}
            for row, by_metric in self.merged.items()
        }

    def _merge(self, place: int) -> None:
        self.waiting.remove(place)
        for row, by_metric in self.read(place).items():
            mine = self.merged.setdefault(row, {})
            for metric, pool in by_metric.items():
                if metric in mine:
                    mine[metric].merge(pool)
                else:
                    mine[metric] = pool
