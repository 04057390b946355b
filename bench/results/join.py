"""The tables of a run from its parts, a clip at a time: however many clips there are, one is in memory."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.files.atomic_write import atomically
from bench.outcome import Outcome
from bench.results.clip_parts import Parts
from bench.results.clip_result import ClipResult, transient_in
from bench.results.clip_tables import DETAIL_COLUMNS, clip_rows, detail_rows, frame_schema, frame_table
from bench.results.manifest import ClipRecord, numbered
from bench.results.part_file import Keys, Part
from bench.results.protocol import Protocol, joined
from bench.results.run_folder import CLIP_COLUMNS

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetWriter


@dataclass(frozen=True, slots=True)
class Layout:
    """What the tables of a run have in which order: rows and metrics by name, under a protocol."""

    rows: tuple[str, ...]
    metrics: tuple[str, ...]
    """With the twins against true views; a row has those of them that it has."""
    protocol: Protocol
    """As it is planned; what predictions travelled in is each clip's own."""
    hashes: dict[tuple[str, str], str] = field(default_factory=dict)
    """(carrier, metric) → row hash, once it is known."""

    def row_hash(self, carrier: str) -> Callable[[str], str]:
        """Metric → its row hash for a clip whose predictions travelled in `carrier`."""

        def row_hash(metric: str) -> str:
            if (carrier, metric) not in self.hashes:
                self.hashes[carrier, metric] = self.protocol.carried_in(carrier).row_hash(metric)
            return self.hashes[carrier, metric]

        return row_hash

    def counts(self, keys: Keys | None, metric: str) -> bool:
        """Whether outcomes of a metric that have these keys are results of this run."""
        return keys is None or keys.metrics.get(metric) == self.row_hash("")(metric)


def join(
    run: Path,
    clips: Iterable[str],
    parts: Parts,
    layout: Layout,
    each: Callable[[ClipResult], object] = lambda result: None,
) -> list[ClipRecord]:
    """Write clips.csv, details.csv and frames.parquet of a run from the parts of `clips`, in that order.

    Clips that have no part are left out. Returns the records of those that have; `each` is given what they gave.

    Raises:
        BenchError: a part is not there any more, or is damaged.
        OSError: a table cannot be written.
    """
    records = []
    with _tables(run) as tables:
        for result in results(clips, parts, layout):
            tables.add(result, layout.row_hash(result.record.carrier))
            records.append(result.record)
            each(result)
    return records


def results(clips: Iterable[str], parts: Parts, layout: Layout) -> Iterator[ClipResult]:
    """What clips gave in all their parts, without pools; those that have none are left out."""
    for clip in clips:
        found = merged([part.whole() for part in parts.of(clip)], layout)
        if found is not None:
            yield found


def merged(parts: Sequence[Part], layout: Layout) -> ClipResult | None:
    """The parts of one clip as if one pass had given them; None where they hold nothing of this run."""
    owners: dict[tuple[str, str], Part] = {}
    for part in parts:
        for row, outcomes in part.result.outcomes.items():
            owners |= {(row, metric): part for metric in outcomes if layout.counts(part.keys, metric)}
    found: dict[str, dict[str, Outcome]] = {}
    for row in layout.rows:
        mine = {
            metric: owners[row, metric].result.outcomes[row][metric]
            for metric in layout.metrics
            if (row, metric) in owners
        }
        found |= {row: mine} if mine else {}
    if not found:
        return None
    kept = {row: [owners[row, metric] for metric in mine] for row, mine in found.items()}
    used = [part for part in parts if any(part is owner for row in kept.values() for owner in row)]
    measured = {}
    for row, owning in kept.items():
        last = [part for part in used if any(part is owner for owner in owning)][-1]
        if row in last.result.measured:
            measured[row] = last.result.measured[row]
    times = max((part.result.times for part in used), key=len)
    record = merged_record([part.result.record for part in used]).model_copy(
        update={
            "transient": transient_in(found),
            "attempts": numbered([tried for part in parts for tried in part.result.record.attempts]),
        }
    )
    return ClipResult(record, found, times, measured)


def merged_record(records: Sequence[ClipRecord]) -> ClipRecord:
    """What became of a clip in several passes; it has failed where it failed in all of them."""
    done = [record for record in records if record.status == "done"]
    if len(records) == 1 or not done:
        return records[-1]
    seconds: dict[str, float] = {}
    for record in records:
        for stage, spent in record.seconds.items():
            seconds[stage] = round(seconds.get(stage, 0.0) + spent, 6)
    return done[-1].model_copy(
        update={
            "warnings": tuple(dict.fromkeys(warning for record in done for warning in record.warnings)),
            "tone_mapped": joined(record.tone_mapped for record in done),
            "carrier": joined(record.carrier for record in done),
            "late": {row: first for record in done for row, first in record.late.items()},
            "damaged": any(record.damaged for record in done),
            "seconds": seconds,
            "videos": {name: path for record in done for name, path in record.videos.items()},
        }
    )


@dataclass(frozen=True, slots=True)
class _Tables:
    """The three tables while they are written."""

    clips: Any
    details: Any
    frames: ParquetWriter

    def add(self, result: ClipResult, row_hash: Callable[[str], str]) -> None:
        """Append a clip's rows."""
        self.clips.writerows(clip_rows(result, row_hash))
        self.details.writerows(detail_rows(result))
        table = frame_table(result)
        if len(table):
            self.frames.write_table(table)


@contextlib.contextmanager
def _tables(run: Path) -> Iterator[_Tables]:
    """Each is in its place at the end, whole, or stays as it was."""
    from pyarrow import parquet

    with ExitStack() as stack:

        def csv_file(name: str, columns: Sequence[str]) -> Any:
            path = stack.enter_context(atomically(run / name))
            writer = csv.writer(stack.enter_context(path.open("w", encoding="utf-8", newline="")), lineterminator="\n")
            writer.writerow(columns)
            return writer

        clips, details = csv_file("clips.csv", CLIP_COLUMNS), csv_file("details.csv", DETAIL_COLUMNS)
        # Open files, not paths: pyarrow takes 'results:1/RUN' for an address, and no path that is no UTF-8.
        file = stack.enter_context(stack.enter_context(atomically(run / "frames.parquet")).open("wb"))
        yield _Tables(clips, details, stack.enter_context(parquet.ParquetWriter(file, frame_schema())))
