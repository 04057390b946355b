"""A part of a suite, for machines that share nothing but the suite's files: one job of an array each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from bench.errors import BenchError
from bench.results.manifest import ShardRecord
from bench.run.plan import Plan
from bench.run.shards.cost import cost, longest_first
from bench.suites.digests import ClipDigests
from bench.suites.suite import Suite


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `index` of `count` parts, counted from 1."""

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """A shard of `3/8`.

        Raises:
            ValueError: it is none.
        """
        index, slash, count = text.partition("/")
        shard = cls(int(index), int(count)) if slash else cls(0, 0)
        if not 1 <= shard.index <= shard.count:
            raise ValueError(text)
        return shard

    def places(self, costs: Sequence[float]) -> list[int]:
        """Which clips of a suite are this part's, in the suite's order; `costs` are those of the whole suite.

        The dearest clip goes first, each to the part that has least to do so far, and to the first of such: the same
        costs are dealt out alike everywhere.
        """
        loads = [(0.0, 0, part) for part in range(1, self.count + 1)]
        mine: list[int] = []
        for place in longest_first(enumerate(costs)):
            cost, clips, part = min(loads)
            loads[loads.index((cost, clips, part))] = (cost + costs[place], clips + 1, part)
            if part == self.index:
                mine.append(place)
        return sorted(mine)

    def of(self, suite: Suite, plan: Plan) -> Suite:
        """The suite with this part's clips only, by what its clips cost under a plan.

        Raises:
            BenchError: there are fewer clips than parts.
        """
        if len(suite.clips) < self.count:
            raise BenchError(f"--shard {self}: there are only {len(suite.clips)} clips: make fewer parts")
        places = self.places([cost(clip, plan, rows=len(plan.rows)) for clip in suite.clips])
        return replace(suite, clips=tuple(suite.clips[place] for place in places))

    def record(self, whole: Suite, digests: ClipDigests) -> ShardRecord:
        """What the record of the run says of this part; `digests` are those of its clips."""
        ids = tuple(clip.id for clip in whole.clips)
        return ShardRecord(index=self.index, count=self.count, clips=ids, selections=dict(digests.selections))

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"
