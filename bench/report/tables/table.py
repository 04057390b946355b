"""A table before it is written in any format: columns, rows, cells, footnotes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from bench.file_names import one_line
from bench.report.tables.numbers import show

Direction = Literal["higher", "lower", "none"]
Kind = Literal["result", "ground-truth", "static", "codec-floor", "mean", "published"]

ARROWS: dict[Direction, str] = {"higher": "↑", "lower": "↓", "none": ""}
"""Which way is better, in the head of a column."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One place of a table.

    `value`, `low` and `high` are on the scale of display but not rounded; None where there is none. `text` stands
    instead of a number. `rank` is 1 for the best, 2 for the second best, 0 for the others and wherever ranking would
    not be honest. `infinite` counts clips with an infinite value that `value` leaves out, `infinite_frames` frames.
    `notes` are footnotes.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    digits: int = 3
    n: int = 0
    skipped: int = 0
    failed: int = 0
    infinite: int = 0
    infinite_frames: int = 0
    rank: int = 0
    text: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def number(self) -> str:
        """The value as it is shown: rounded, `∞` for infinity, empty for none."""
        return "" if self.value is None else show(self.value, self.digits)

    @property
    def half(self) -> str:
        """Half the width of the interval as it is shown; empty where there is none."""
        if self.low is None or self.high is None:
            return ""
        return show((self.high - self.low) / 2, self.digits)

    @property
    def suffix(self) -> str:
        """`∞ ×3` where three clips were kept out of the mean."""
        return f"∞ ×{self.infinite}" if self.infinite else ""

    @property
    def plain(self) -> str:
        """The cell as text without marks or footnotes."""
        if self.text is not None:
            return self.text
        number, half, suffix = self.number, self.half, self.suffix
        if not number or (suffix and number == "∞"):
            return suffix or number or "—"
        shown = f"{number} ± {half}" if half else number
        return f"{shown} ({suffix})" if suffix else shown


@dataclass(frozen=True, slots=True)
class Column:
    """Head of a column. `key` names it in files and on the command line; `is_text` columns stand left."""

    key: str
    label: str
    direction: Direction = "none"
    unit: str = ""
    kind: Kind = "result"
    is_text: bool = False
    notes: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """Label, arrow and unit: `PSNR ↑ (dB)`."""
        arrow = ARROWS[self.direction]
        return self.label + (f" {arrow}" if arrow else "") + (f" ({self.unit})" if self.unit else "")


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row as it is printed; `stub` names it, one text for each of the table's stub heads."""

    stub: tuple[str, ...]
    cells: tuple[Cell, ...]
    kind: Kind = "result"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `id` is its file name, `notes` hold for the whole of it, `alarms` are printed in red before it."""

    id: str
    caption: str
    stub: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    notes: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    transposed: bool = field(default=False)

    def footnotes(self) -> dict[str, str]:
        """Footnote text → its letter, in reading order."""
        texts: dict[str, None] = {}
        for column in self.columns:
            texts.update(dict.fromkeys(column.notes))
        for row in self.rows:
            texts.update(dict.fromkeys(row.notes))
            for cell in row.cells:
                texts.update(dict.fromkeys(cell.notes))
        return {text: _letters(i) for i, text in enumerate(texts)}

    def transpose(self) -> Table:
        """The same table with metrics as rows."""
        columns = tuple(
            Column(key=" / ".join(row.stub), label=" / ".join(row.stub), kind=row.kind, notes=row.notes)
            for row in self.rows
        )
        rows = tuple(
            TableRow((column.head,), tuple(row.cells[i] for row in self.rows), column.kind, column.notes)
            for i, column in enumerate(self.columns)
        )
        return Table(self.id, self.caption, ("",), columns, rows, self.notes, self.alarms, not self.transposed)


def shown(text: str) -> str:
    """A text as every format shows it: ends of lines are spaces, control characters are written out."""
    return one_line(re.sub(r"[\r\n\t]+", " ", text))


def _letters(index: int) -> str:
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(ord("a") + rest) + text
    return text
