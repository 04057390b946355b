"""Rows out of a run's frames.parquet, a row group at a time.

Arrow's scanner, which is behind `filters` and data sets, waits for ever for some damaged files, and statistics of
others end the process; its plain reader does neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile


def rows_of(path: Path, columns: Sequence[str], key: str, chosen: Callable[[str], bool]) -> pa.Table:
    """The rows whose text in the column `key` is chosen; raises whatever Arrow raises of a damaged file."""
    import pyarrow as pa
    from pyarrow import compute, parquet

    with path.open("rb") as opened, parquet.ParquetFile(opened) as file:
        found = [read_group(file, 0, columns).slice(0, 0)] if file.num_row_groups else []
        for group in range(file.num_row_groups):
            names = texts(file, group, key)
            if not (kept := [name for name in names if chosen(name)]):
                continue
            table = read_group(file, group, columns)
            if len(kept) < len(names):
                table = table.filter(compute.is_in(table[key].cast(pa.string()), value_set=pa.array(kept)))
            found.append(table)
        return pa.concat_tables(found) if found else file.read(list(columns))


def all_rows(path: Path, columns: Sequence[str]) -> pa.Table:
    """All rows; raises whatever Arrow raises of a damaged file."""
    from pyarrow import parquet

    with path.open("rb") as opened, parquet.ParquetFile(opened) as file:
        _check(file, columns)
        return file.read(list(columns), use_threads=False)


def texts(file: ParquetFile, group: int, key: str) -> list[str]:
    """The different texts of a column in a row group.

    Raises:
        ValueError: they are no texts, or there is no such column.
    """
    found: list[str] = read_group(file, group, [key]).column(key).unique().to_pylist()
    if not all(isinstance(name, str) for name in found):
        raise ValueError(f"the column {key} holds no texts")
    return found


def read_group(file: ParquetFile, group: int, columns: Sequence[str]) -> pa.Table:
    """Columns of a row group.

    Raises:
        ValueError: there is no such column.
    """
    _check(file, columns)
    return file.read_row_group(group, list(columns), use_threads=False)


def _check(file: ParquetFile, columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in file.schema_arrow.names]
    if missing:
        raise ValueError(f"it lacks the column {missing[0]}")
