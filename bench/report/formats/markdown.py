"""A table in Markdown, as GitHub renders it."""

from __future__ import annotations

import re

from bench.report.tables.table import Cell, Table, shown

_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")


def markdown(table: Table, *, heading: int | None = 2) -> str:
    """Heading, alarms, table and notes, ready to stand in a page.

    Without `heading` it is to stand among other text: the caption in bold, the notes as a list.
    """
    letters = table.footnotes()
    caption = escape(table.caption)
    lines = [f"**{caption}**" if heading is None else f"{'#' * heading} {caption}", ""]
    for alarm in table.alarms:
        lines += [f"> **⚠ {escape(alarm)}**", ""]
    heads = [escape(text) for text in table.stub]
    heads += [escape(c.head) + _marks(c.notes, letters) for c in table.columns]
    lines.append(_line(heads))
    left, right = ("---", "---:") if heading is None else (":--", "--:")
    lines.append(_line([left] * len(table.stub) + [left if c.is_text else right for c in table.columns]))
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
    notes = [f"<sup>{letter}</sup> {escape(text)}" for text, letter in letters.items()]
    notes += [escape(text) for text in table.notes]
    if heading is None:
        lines += [*(f"- {note}" for note in notes), ""] if notes else []
    else:
        lines += [part for note in notes for part in (note, "")]
    return "\n".join(lines)


def escape(text: str) -> str:
    """`text` so that Markdown and the HTML in it show it as it is."""
    text = shown(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", text)


def _cell(cell: Cell) -> str:
    text = escape(cell.plain)
    if cell.rank == 1:
        return f"**{text}**"
    return f"<u>{text}</u>" if cell.rank == 2 else text


def _marks(notes: tuple[str, ...], letters: dict[str, str]) -> str:
    return f"<sup>{','.join(letters[note] for note in notes)}</sup>" if notes else ""


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
