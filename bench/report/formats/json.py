"""Tables as JSON: everything that the other formats show, for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from bench.report.tables.table import Cell, Table


def json_tables(tables: Sequence[Table]) -> str:
    """One object: table id → caption, columns, rows, notes. Infinities are the texts `inf` and `-inf`."""
    return json.dumps({table.id: _table(table) for table in tables}, ensure_ascii=False, indent=1) + "\n"


def _table(table: Table) -> dict[str, Any]:
    return {
        "caption": table.caption,
        "stub": list(table.stub),
        "columns": [
            {
                "key": column.key,
                "label": column.label,
                "direction": column.direction,
                "unit": column.unit,
                "notes": list(column.notes),
            }
            for column in table.columns
        ],
        "rows": [
            {"stub": list(row.stub), "kind": row.kind, "notes": list(row.notes), "cells": [_cell(c) for c in row.cells]}
            for row in table.rows
        ],
        "notes": list(table.notes),
        "alarms": list(table.alarms),
    }


def _cell(cell: Cell) -> dict[str, Any]:
    found: dict[str, Any] = {"value": _number(cell.value), "shown": cell.plain}
    if cell.low is not None and cell.high is not None:
        found |= {"low": _number(cell.low), "high": _number(cell.high)}
    for name in ("n", "skipped", "failed", "infinite", "infinite_frames", "rank"):
        if count := getattr(cell, name):
            found[name] = count
    if cell.notes:
        found["notes"] = list(cell.notes)
    return found


def _number(value: float | None) -> float | str | None:
    if value is None or math.isnan(value):
        return None
    return float(value) if math.isfinite(value) else ("inf" if value > 0 else "-inf")
