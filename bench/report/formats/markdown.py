"""A table in Markdown, as GitHub renders it."""

from __future__ import annotations

from bench.report.brief import escape
from bench.report.tables.table import Cell, Table


def markdown(table: Table, *, heading: int = 2) -> str:
    """Heading, alarms, table and notes, ready to stand in a page."""
    letters = table.footnotes()
    lines = [f"{'#' * heading} {escape(table.caption)}", ""]
    for alarm in table.alarms:
        lines += [f"> **⚠ {escape(alarm)}**", ""]
    heads = [escape(text) for text in table.stub]
    heads += [escape(c.head) + _marks(c.notes, letters) for c in table.columns]
    lines.append(_line(heads))
    lines.append(_line([":--"] * len(table.stub) + [":--" if c.is_text else "--:" for c in table.columns]))
    for row in table.rows:
        stub = [escape(text) for text in row.stub]
        stub[-1] += _marks(row.notes, letters)
        cells = [_cell(cell) + _marks(cell.notes, letters) for cell in row.cells]
        if row.kind == "mean":
            stub = [f"**{text}**" if text else "" for text in stub]
        if row.kind == "published":
            stub, cells = ([f"*{text}*" if text else "" for text in part] for part in (stub, cells))
        lines.append(_line(stub + cells))
    lines.append("")
    for text, letter in letters.items():
        lines += [f"<sup>{letter}</sup> {escape(text)}", ""]
    for text in table.notes:
        lines += [escape(text), ""]
    return "\n".join(lines)


def _cell(cell: Cell) -> str:
    text = escape(cell.plain)
    if cell.rank == 1:
        return f"**{text}**"
    return f"<u>{text}</u>" if cell.rank == 2 else text


def _marks(notes: tuple[str, ...], letters: dict[str, str]) -> str:
    return f"<sup>{','.join(letters[note] for note in notes)}</sup>" if notes else ""


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
