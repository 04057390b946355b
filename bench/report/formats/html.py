"""Tables as plain HTML: a fragment to paste anywhere, and a page of them without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape as escaped

from bench.report.tables.table import Cell, Table, shown

STYLE = """
:root { color-scheme: light dark; --ink: #1b2230; --page: #fff; --soft: #5c6675; --red: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaf0; --page: #12161c; --soft: #93a0b2; --red: #ff8a80; }
}
body {
  font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  margin: 2rem auto; max-width: 90rem; padding: 0 1rem;
}
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .5rem 0; }
th, td { padding: .3rem .7rem; text-align: right; white-space: nowrap; }
th.text, td.text, tbody th { text-align: left; font-weight: 400; }
td.text { white-space: normal; min-width: 8rem; }
thead th { border-top: 2px solid; border-bottom: 1px solid; }
tbody tr:last-child > * { border-bottom: 2px solid; }
tr.mean > * { border-top: 1px solid; font-weight: 600; }
tr.published > *, tr.ground-truth > *, tr.static > *, tr.codec-floor > *, .half, .suffix { color: var(--soft); }
tr.published > * { font-style: italic; }
.best { font-weight: 700; }
.second { text-decoration: underline; }
.notes { color: var(--soft); font-size: .87rem; max-width: 70rem; }
.notes p { margin: .2rem 0; }
.alarm { color: var(--red); font-weight: 600; }
"""


def html_table(table: Table) -> str:
    """A `<section>` with the table, its alarms and notes; every name is escaped."""
    letters = table.footnotes()
    out = [f'<section id="{escape(table.id)}">']
    out += [f'<p class="alarm" role="alert">⚠ {escape(alarm)}</p>' for alarm in table.alarms]
    out += ['<div class="scroll"><table>', f"<caption>{escape(table.caption)}</caption>", "<thead><tr>"]
    out += [f'<th class="text" scope="col">{escape(text)}</th>' for text in table.stub]
    for column in table.columns:
        kind = ' class="text"' if column.is_text else ""
        out.append(f'<th{kind} scope="col">{escape(column.head)}{_marks(column.notes, letters)}</th>')
    out.append("</tr></thead><tbody>")
    for row in table.rows:
        out.append(f'<tr class="{row.kind}">')
        for i, text in enumerate(row.stub):
            marks = _marks(row.notes, letters) if i == len(row.stub) - 1 else ""
            out.append(f'<th scope="row">{escape(text)}{marks}</th>')
        for column, cell in zip(table.columns, row.cells, strict=True):
            kind = ' class="text"' if column.is_text else ""
            out.append(f"<td{kind}>{cell_html(cell)}{_marks(cell.notes, letters)}</td>")
        out.append("</tr>")
    out.append("</tbody></table></div>")
    out.append('<div class="notes">')
    out += [f"<p><sup>{letter}</sup> {escape(text)}</p>" for text, letter in letters.items()]
    out += [f"<p>{escape(text)}</p>" for text in table.notes]
    out.append("</div></section>")
    return "\n".join(out)


def html_page(tables: Sequence[Table], *, title: str, language: str) -> str:
    """All tables as one static page."""
    body = "\n".join(html_table(table) for table in tables)
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    return (
        f'<!doctype html>\n<html lang="{language}"><head>{head}\n<title>{escape(title)}</title>\n'
        f"<style>{STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def escape(text: str) -> str:
    """`text` so that HTML shows it as it is."""
    return escaped(shown(text))


def cell_html(cell: Cell) -> str:
    """The inside of a cell: number, half-width and infinities each in a span of its own."""
    number = cell.number
    alone = cell.text is not None or not number or number == "∞"
    inside = escape(cell.plain if alone else number)
    if cell.rank:
        inside = f'<span class="{"best" if cell.rank == 1 else "second"}">{inside}</span>'
    if alone:
        return inside
    if cell.half:
        inside += f' <span class="half">± {escape(cell.half)}</span>'
    return inside + (f' <span class="suffix">({escape(cell.suffix)})</span>' if cell.suffix else "")


def _marks(notes: tuple[str, ...], letters: dict[str, str]) -> str:
    return f"<sup>{','.join(letters[note] for note in notes)}</sup>" if notes else ""
