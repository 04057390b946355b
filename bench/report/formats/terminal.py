"""A table in the terminal, where the end of a run and the gate print theirs."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from bench.report.tables.table import Table, shown


def rich_table(table: Table, *, width: int | None = None) -> RenderableType:
    """Caption, cells as plain text, and the notes.

    With `width`, the columns of the terminal, no cell is cut or broken: where the table does not fit, its columns
    become rows.
    """
    lines = [(*table.stub, *(column.head for column in table.columns))]
    lines += [(*row.stub, *(cell.plain for cell in row.cells)) for row in table.rows]
    lines = [tuple(map(shown, line)) for line in lines]
    if width is not None and _width(lines) > width:
        lines = list(zip(*lines, strict=True))
    grid = Grid(title=Text(shown(table.caption)), title_justify="left", header_style="bold")
    for number, name in enumerate(lines[0]):
        whole = number == 0 or width is not None
        grid.add_column(Text(name), justify="left" if number == 0 else "right", no_wrap=whole)
    for line in lines[1:]:
        grid.add_row(*(Text(cell) for cell in line))
    return Group(grid, *(Text(f"  {shown(note)}", style="dim") for note in table.notes))


def _width(lines: Sequence[Sequence[str]]) -> int:
    """Columns that the table takes with its borders and padding."""
    return sum(max(map(cell_len, column)) + 3 for column in zip(*lines, strict=True)) + 1
