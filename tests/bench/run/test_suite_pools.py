"""The suite's values grow in the suite's order."""

import itertools
from dataclasses import dataclass, field

import pytest

from bench.outcome import Outcome
from bench.run.suite_pools import SuitePools


@dataclass
class Seen:
    """A pool that remembers the order in which clips came."""

    clips: list = field(default_factory=list)

    def merge(self, other):
        self.clips += other.clips

    def outcome(self):
        return Outcome("value", n=len(self.clips))


def pools_of(clip):
    return {"original": {"fid": Seen([clip])}, **({"static": {"kid": Seen([clip])}} if clip % 2 else {})}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::3])
def test_clips_are_merged_in_the_suites_order_whichever_ends_first(order):
    pools, read = SuitePools(lambda clip: read.append(clip) or pools_of(clip)), []
    for number, clip in enumerate(order):
        pools.take(clip)
        ended = set(order[: number + 1])
        assert read == list(itertools.takewhile(ended.__contains__, range(4)))  # what waits is not in memory
    assert pools.merged["original"]["fid"].clips == [0, 1, 2, 3]
    assert pools.merged["static"]["kid"].clips == [1, 3]
    assert {row: {name: o.n for name, o in by.items()} for row, by in pools.outcomes().items()} == {
        "original": {"fid": 4},
        "static": {"kid": 2},
    }


def test_what_has_ended_behind_a_gap_counts_at_the_end():
    pools = SuitePools(pools_of)
    for clip in (5, 0, 3):
        pools.take(clip)
    assert pools.merged["original"]["fid"].clips == [0]
    assert pools.outcomes()["original"]["fid"].n == 3
    assert pools.merged["original"]["fid"].clips == [0, 3, 5]


def test_what_was_there_before_is_merged_a_little_at_a_time_and_in_order():
    """A run that is resumed keeps what ends now before it has read all that had ended."""
    read = []
    pools = SuitePools(lambda clip: read.append(clip) or pools_of(clip))
    pools.known(range(100))
    assert read == []
    pools.take(100)
    assert 0 < len(read) <= 8
    assert pools.outcomes()["original"]["fid"].n == 101
    assert read == list(range(101))


def test_no_clip_no_value():
    assert SuitePools(pools_of).outcomes() == {}
