"""What a run has so far: a part for every pass over a clip, written as soon as the pass ends, and kept with the run."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.errors import BenchError
from bench.files.link import link_or_copy
from bench.outcome import Pool
from bench.results.clip_result import ClipResult
from bench.results.part_file import SUFFIXES, Keys, Moment, Part, read_part, write_part
from bench.results.pool_file import Pools

_NAME = re.compile(r"([0-9a-f]{16})-(\d+)\.json")


@dataclass(frozen=True, slots=True)
class Parts:
    """The folder of parts inside a run folder. A part is complete or absent, whenever the process dies.

    Parts are called by a digest of their clip's id and a number: a list that grows or changes its order moves none.
    Of several parts of one clip (metrics, settings that were added, failures tried again) the later one counts where
    both have a row and a metric.
    """

    folder: Path
    numbers: dict[str, list[int]] = field(init=False, default_factory=dict)
    """Clip, by the digest of its id → the numbers of its parts in order."""

    def __post_init__(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            for name in (_NAME.fullmatch(path.name) for path in self.folder.iterdir()):
                if name is not None:
                    self.numbers.setdefault(name[1], []).append(int(name[2]))
        for numbers in self.numbers.values():
            numbers.sort()

    def add(self, result: ClipResult, keys: Keys | None, ended: Moment = Moment()) -> None:  # noqa: B008, it is frozen
        """Keep what a pass over a clip gave; see `Part` for keys.

        Raises:
            OSError: it cannot be written.
        """
        called = _called(result.record.id)
        numbers = self.numbers.get(called, [])
        number = numbers[-1] + 1 if numbers else 0
        write_part(self._stem(called, number), result, keys, ended)
        self.numbers.setdefault(called, []).append(number)

    def has(self, clip: str) -> bool:
        """Whether a clip has parts."""
        return _called(clip) in self.numbers

    def of(self, clip: str) -> list[Part]:
        """The parts of a clip in order, without what they have by frame.

        Raises:
            BenchError: one that was there is not any more, or is damaged.
        """
        called = _called(clip)
        return [read_part(self._stem(called, number)) for number in self.numbers.get(called, ())]

    def pools(self, clip: str, kinds: Mapping[str, type[Pool]]) -> Pools:
        """One clip's share of the suite-wide values; `kinds` says which pool a metric has.

        Raises:
            BenchError: a file is not there any more, or is damaged.
        """
        found: dict[str, dict[str, Pool]] = {}
        known: set[tuple[str, str]] = set()
        for part in reversed(self.of(clip)):
            outcomes = part.result.outcomes
            mine = {(row, metric) for row in outcomes for metric in outcomes[row] if metric in kinds} - known
            known |= mine  # a later part counts, also where it has no pool
            for row, metric, pool in _each(part.read_pools(kinds)) if mine else ():
                if (row, metric) in mine:
                    found.setdefault(row, {})[metric] = pool
        return found

    def lost(self, clips: Iterable[str]) -> dict[str, str]:
        """Of clips that have parts, those of which something cannot be read any more, and why."""
        found: dict[str, str] = {}
        for clip in clips:
            try:
                for part in self.of(clip):
                    part.whole()
            except BenchError as error:
                found[clip] = str(error)
        return found

    def forget(self, clip: str) -> None:
        """Delete the parts of a clip."""
        called = _called(clip)
        for number in self.numbers.pop(called, ()):
            for suffix in SUFFIXES:  # the JSON first: what is half deleted does not count
                self._stem(called, number).with_suffix(suffix).unlink(missing_ok=True)

    def others(self, clips: Iterable[str]) -> list[str]:
        """The clips that have parts and are not among these; those whose part cannot be read are left out."""
        found = []
        for called in sorted(self.numbers.keys() - set(map(_called, clips))):
            with contextlib.suppress(BenchError):
                found.append(read_part(self._stem(called, self.numbers[called][0])).result.record.id)
        return found

    def take(self, other: Parts) -> None:
        """Have the parts of another folder too, behind those of the same clips here; they stay where they are.

        Raises:
            OSError: they cannot be written here.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for called, numbers in other.numbers.items():
            mine = self.numbers.setdefault(called, [])
            for number in numbers:
                new = mine[-1] + 1 if mine else 0
                for suffix in reversed(SUFFIXES):
                    _link(other._stem(called, number).with_suffix(suffix), self._stem(called, new).with_suffix(suffix))
                mine.append(new)

    def _stem(self, called: str, number: int) -> Path:
        return self.folder / f"{called}-{number}"


def _each(pools: Pools) -> Iterator[tuple[str, str, Pool]]:
    for row, by_metric in pools.items():
        for metric, pool in by_metric.items():
            yield row, metric, pool


def _called(clip: str) -> str:
    return hashlib.sha256(clip.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _link(source: Path, target: Path) -> None:
    """Pools may be absent."""
    target.unlink(missing_ok=True)  # of a part that was never finished
    with contextlib.suppress(FileNotFoundError):
        link_or_copy(source, target)
