"""A table as CSV: full precision on the scale of display, bounds and counts in columns of their own."""

from __future__ import annotations

import csv
import io

from bench.report.tables.table import Cell, Table


def csv_table(table: Table) -> str:
    """One line a row; a metric's column is followed by those of its parts that some row has."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    parts = [_parts([row.cells[i] for row in table.rows]) for i in range(len(table.columns))]
    heads = list(table.stub)
    for column, names in zip(table.columns, parts, strict=True):
        heads += [column.key, *(f"{column.key} {name}" for name in names)]
    writer.writerow([*heads, "kind"])
    for row in table.rows:
        line = list(row.stub)
        for cell, names in zip(row.cells, parts, strict=True):
            line += [_value(cell), *(_part(cell, name) for name in names)]
        writer.writerow([*line, row.kind])
    return buffer.getvalue()


def _parts(cells: list[Cell]) -> list[str]:
    names = []
    if any(cell.low is not None for cell in cells):
        names += ["low", "high"]
    if any(cell.n > 1 for cell in cells):
        names.append("n")
    counts = ("skipped", "failed", "infinite", "infinite_frames")
    names += [name for name in counts if any(getattr(cell, name) for cell in cells)]
    return names


def _value(cell: Cell) -> str:
    if cell.text is not None:
        return cell.text
    return "" if cell.value is None else repr(float(cell.value))


def _part(cell: Cell, name: str) -> str:
    found = getattr(cell, name)
    return "" if found is None else repr(found)
