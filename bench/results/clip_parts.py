"""What a run has so far: one part a clip, written as soon as the clip ends, joined into the run's tables at the end."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.errors import BenchError
from bench.file_names import readable
from bench.files.atomic_write import write_atomically, write_text
from bench.outcome import Pool
from bench.results.clip_result import ClipResult
from bench.results.manifest import ClipRecord
from bench.results.pool_file import Pools, read_pools, write_pools
from bench.results.run_folder import CLIP_COLUMNS, FRAME_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

DETAIL_COLUMNS = ("clip", "setting", "metric", "name", "value")


@dataclass(frozen=True, slots=True)
class Parts:
    """The folder of parts inside a run folder. A part is complete or absent, whenever the process dies.

    It is three files, called by the clip's place in the suite: NNNNNN.json (its record, its rows of clips.csv and
    details.csv), NNNNNN.parquet (its rows of frames.parquet), NNNNNN.pools (its share of the suite-wide values).
    """

    folder: Path

    def add(self, index: int, result: ClipResult, row_hash: Callable[[str], str]) -> None:
        """Keep one clip's result; `index` is its place in the suite."""
        frames = frame_table(result)
        write_atomically(self.folder / f"{index:06d}.parquet", lambda path: _write_table(frames, path))
        write_pools(result.pools, self._pools(index))
        rows = {"clips": clip_rows(result, row_hash), "details": detail_rows(result)}
        part = _readable({"record": result.record.model_dump(mode="json"), **rows})
        # The JSON is written last: a part counts once it is there.
        write_text(self.folder / f"{index:06d}.json", json.dumps(part, ensure_ascii=False))

    def pools(self, index: int, kinds: Mapping[str, type[Pool]]) -> Pools:
        """One clip's share of the suite-wide values; `kinds` says which pool a metric has.

        Raises:
            BenchError: it is not there any more, or is damaged.
        """
        with _told(self._pools(index)):
            return read_pools(self._pools(index), kinds)

    def lost(self, indices: Iterable[int]) -> dict[int, str]:
        """Of clips that were added, those whose rows cannot be read any more, and why."""
        found: dict[int, str] = {}
        for index in indices:
            try:
                self._check(index)
            except BenchError as error:
                found[index] = str(error)
        return found

    def _check(self, index: int) -> None:
        path = self.folder / f"{index:06d}.json"
        with _told(path):
            part = json.loads(path.read_text("utf-8"))
            ClipRecord.model_validate(part["record"])
            for name, columns in (("clips", CLIP_COLUMNS), ("details", DETAIL_COLUMNS)):
                for row in part[name]:
                    if len(row) != len(columns) or not all(isinstance(cell, str) for cell in row):
                        raise ValueError(f"a row of {name} has other columns")
        with _told(path.with_suffix(".parquet")):
            _read_table(path.with_suffix(".parquet"))

    def join(self, run: Path) -> list[ClipRecord]:
        """Write clips.csv, frames.parquet and details.csv of the run from all parts; returns the clips in order."""
        parts = sorted(self.folder.glob("[0-9]*.json"))  # not what a killed process was writing
        records = [ClipRecord.model_validate(json.loads(path.read_text("utf-8"))["record"]) for path in parts]
        write_text(run / "clips.csv", _csv(CLIP_COLUMNS, self._rows(parts, "clips")))
        write_text(run / "details.csv", _csv(DETAIL_COLUMNS, self._rows(parts, "details")))
        write_atomically(run / "frames.parquet", lambda path: _join_frames(parts, path))
        return records

    def remove(self) -> None:
        """Delete the parts, once the run's own tables hold them."""
        if self.folder.exists():  # an interrupted run may have none
            shutil.rmtree(self.folder)

    def _pools(self, index: int) -> Path:
        return self.folder / f"{index:06d}.pools"

    @staticmethod
    def _rows(parts: list[Path], table: str) -> Iterator[list[str]]:
        for path in parts:
            yield from json.loads(path.read_text("utf-8"))[table]


def clip_rows(result: ClipResult, row_hash: Callable[[str], str]) -> list[list[str]]:
    """Rows of clips.csv: CLIP_COLUMNS."""
    warning = "; ".join(result.record.warnings)
    return [
        [
            result.record.id,
            setting,
            metric,
            repr(float(outcome.value)) if outcome.status == "value" else "",
            outcome.status,
            outcome.reason,
            str(outcome.n),
            str(outcome.infinite),
            row_hash(metric),
            warning if outcome.status == "value" else "",
        ]
        for setting, outcomes in result.outcomes.items()
        for metric, outcome in outcomes.items()
    ]


def detail_rows(result: ClipResult) -> list[list[str]]:
    """Rows of details.csv: DETAIL_COLUMNS."""
    return [
        [result.record.id, setting, metric, name, repr(float(value))]
        for setting, outcomes in result.outcomes.items()
        for metric, outcome in outcomes.items()
        for name, value in (outcome.details or {}).items()
    ]


@cache
def _frame_schema() -> pa.Schema:
    import pyarrow as pa

    name = pa.dictionary(pa.int32(), pa.string())
    types = (name, name, pa.int32(), pa.float64(), name, pa.float64())
    return pa.schema(list(zip(FRAME_COLUMNS, types, strict=True)))


def frame_table(result: ClipResult) -> pa.Table:
    """Rows of frames.parquet: FRAME_COLUMNS; the metrics' values, what they and the model measured."""
    import pyarrow as pa

    series = [
        (setting, metric, outcome.per_frame)
        for setting, outcomes in result.outcomes.items()
        for metric, outcome in outcomes.items()
        if outcome.per_frame is not None
    ]
    series += [
        (setting, name, values)
        for setting, outcomes in result.outcomes.items()
        for outcome in outcomes.values()
        for name, values in (outcome.curves or {}).items()
    ]
    series += [
        (setting, name, values) for setting, measured in result.measured.items() for name, values in measured.items()
    ]
    tables = []
    for setting, metric, values in series:
        count = len(values)
        times = result.times if len(result.times) == count else np.full(count, np.nan)
        columns = [
            pa.array([readable(result.record.id)] * count),
            pa.array([setting] * count),
            pa.array(np.arange(count, dtype=np.int32)),
            pa.array(times),
            pa.array([metric] * count),
            pa.array(np.asarray(values, dtype=np.float64)),
        ]
        tables.append(pa.table(dict(zip(FRAME_COLUMNS, columns, strict=True))).cast(_frame_schema()))
    return pa.concat_tables(tables).unify_dictionaries() if tables else _frame_schema().empty_table()


def _write_table(table: pa.Table, path: Path) -> None:
    from pyarrow import parquet

    # Open files, not paths: pyarrow takes 'results:1/RUN' for an address, and no path that is no UTF-8.
    with path.open("wb") as file:
        parquet.write_table(table, file)


def _read_table(path: Path) -> pa.Table:
    from pyarrow import parquet

    with path.open("rb") as file:
        table = parquet.read_table(file, schema=_frame_schema())
    table.validate(full=True)
    return table


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What reading a part raises, in a sentence: its bytes may be anything, and each reader has its own errors."""
    try:
        yield
    except FileNotFoundError:
        raise BenchError(f"what it gave is lost: '{path}' is not there any more: run it again") from None
    except Exception as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise BenchError(f"what it gave is lost: '{path}' is damaged ({why}): run it again") from None


def _join_frames(parts: list[Path], path: Path) -> None:
    from pyarrow import parquet

    with path.open("wb") as file, parquet.ParquetWriter(file, _frame_schema()) as writer:
        for part in parts:
            table = _read_table(part.with_suffix(".parquet"))
            if len(table):
                writer.write_table(table)


def _readable(value: Any) -> Any:
    """The same, with every text in it readable: paths and messages may hold bytes that are no UTF-8."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, dict):
        return {name: _readable(part) for name, part in value.items()}
    return [_readable(part) for part in value] if isinstance(value, list) else value


def _csv(columns: tuple[str, ...], rows: Iterator[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
