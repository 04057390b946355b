"""A table in LaTeX (booktabs, siunitx): a fragment to `\\input`, and a document around the fragments."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from bench.report.tables.table import Cell, Column, Kind, Table, shown
from bench.report.tables.words import code_points

LONG = 40
"""Tables of more rows break over pages (longtable)."""

WIDE = 135
"""Characters that a line holds at a readable size; the columns of wider tables are spread over several panels."""

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"{\ttfamily\char34}", "`": r"\textasciigrave{}", "[": "{[}", "]": "{]}",
    "↑": r"$\uparrow$", "↓": r"$\downarrow$", "∞": r"$\infty$", "×": r"$\times$", "±": r"$\pm$", "−": "$-$",
    "°": r"\textdegree{}", "–": "--", "—": "---", "’": "'", "‘": "`", "“": "``", "”": "''", "…": r"\dots{}",
}  # fmt: skip
_ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u030a": "r", "\u0327": "c"}

_PACKAGES = r"\usepackage{booktabs,longtable,siunitx,xcolor,adjustbox}"
_SETUP = [
    r"\providecommand{\benchtext}[2]{\ifdefined\Umathcode #1\else #2\fi}% Unicode engines | pdfTeX",
    r"\sisetup{separate-uncertainty=true,table-align-uncertainty=false,detect-weight=true,table-align-text-post=false}",
]


def latex_table(table: Table) -> str:
    """The table as a float, or as a longtable where it is long; needs the packages named in its first line."""
    letters = table.footnotes()
    notes = [rf"\textcolor{{red}}{{\textbf{{{escape(alarm)}}}}}" for alarm in table.alarms]
    notes += [rf"\textsuperscript{{{letter}}} {escape(text)}" for text, letter in letters.items()]
    notes += [escape(text) for text in table.notes]
    panels = _panels(table)
    shape = _long if len(table.rows) > LONG else _float
    lines = [f"% Needs {_PACKAGES}", *_SETUP, *shape(table, panels, letters, notes)]
    return "\n".join(lines) + "\n"


def latex_document(tables: Sequence[Table], *, language: str) -> str:
    """A document that inputs every table's fragment from its own folder, and compiles as it is."""
    chinese = language == "zh"
    lines = [
        "% !TEX program = xelatex" if chinese else "% !TEX program = pdflatex",
        r"\documentclass[a4paper]{article}",
        r"\usepackage[margin=2cm]{geometry}",
        r"\usepackage[UTF8]{ctex}" if chinese else r"\usepackage[T1]{fontenc}",
        r"\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}",
        _PACKAGES,
        # Notes are long and tables wide: rather loose lines than lines that stick out.
        r"\emergencystretch=2em",
        r"\begin{document}",
        *(rf"\input{{{fragment_name(table.id)}}}\clearpage" for table in tables),
        r"\end{document}",
    ]
    return "\n".join(lines) + "\n"


def fragment_name(table_id: str) -> str:
    """File name of a fragment: TeX reads no spaces, commas or specials in file names without trouble."""
    return re.sub(r"[^A-Za-z0-9.+-]", "-", table_id) + ".tex"


def escape(text: str) -> str:
    """`text` for LaTeX.

    Characters that pdfTeX does not have are given twice, in a macro that prints them where the engine is a Unicode
    one and their code points where it is pdfTeX.
    """
    out, foreign = [], ""
    for character in unicodedata.normalize("NFC", shown(text)):
        known = _known(character)
        if known is None:
            foreign += character
            continue
        if foreign:
            out.append(_foreign(foreign))
            foreign = ""
        out.append(known)
    if foreign:
        out.append(_foreign(foreign))
    return "".join(out).replace("--", "-{}-") if "--" in text else "".join(out)


def _known(character: str) -> str | None:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character < "\x7f":
        return character
    parts = unicodedata.normalize("NFD", character)
    if len(parts) == 2 and parts[0].isascii() and parts[1] in _ACCENTS:
        base = {"i": r"\i ", "j": r"\j "}.get(parts[0], parts[0])
        return rf"\{_ACCENTS[parts[1]]}{{{base}}}"
    return None


def _foreign(text: str) -> str:
    return rf"\benchtext{{{text}}}{{\texttt{{{code_points(text)}}}}}"


def _column(table: Table, index: int) -> str:
    cells = [row.cells[index] for row in table.rows]
    if table.columns[index].key == "reason":
        return r"p{0.45\linewidth}"
    if table.columns[index].is_text:
        return "l"
    numbers = [cell.number for cell in cells if _is_number(cell)]
    if not numbers:
        return "r"
    whole = max(len(number.lstrip("-").partition(".")[0]) for number in numbers)
    decimals = max(len(number.partition(".")[2]) for number in numbers)
    uncertain = max(len(_uncertainty(cell)) or min(1, len(cell.half)) for cell in cells if _is_number(cell))
    sign = "-" if any(number.startswith("-") for number in numbers) else ""
    form = f"{sign}{whole}.{decimals}" + (f"({uncertain})" if uncertain else "")
    return f"S[table-format={form}]"


def _row(
    stub: tuple[str, ...],
    cells: tuple[Cell, ...],
    kind: Kind,
    notes: tuple[str, ...],
    letters: dict[str, str],
    columns: Sequence[tuple[Column, str]],
) -> str:
    """A row; `columns` with their types."""
    kinds = [kind] * len(stub) + [kind if kind != "result" else column.kind for column, _ in columns]
    texts = [escape(text) for text in stub]
    texts[-1] += _marks(notes, letters)
    printed = [f"{_style(k)}{text}" for k, text in zip(kinds, texts, strict=False)]
    for cell, kind, (column, spec) in zip(cells, kinds[len(stub) :], columns, strict=True):
        printed.append(_cell(cell, kind, column, letters, spec))
    return " & ".join(printed) + r" \\"


def _style(kind: Kind) -> str:
    return {"published": r"\color{gray}\itshape ", "mean": r"\bfseries "}.get(kind, "")


def _cell(cell: Cell, kind: Kind, column: Column, letters: dict[str, str], spec: str) -> str:
    marks = _marks(cell.notes, letters)
    colour = r"\color{gray} " if kind == "published" else ""
    if not _is_number(cell):
        rank = {1: r"\boldmath\textbf{%s}", 2: r"\underline{%s}"}.get(cell.rank, "%s")
        text = f"{colour}{rank % escape(cell.plain)}{marks}"
        return text if column.is_text else f"{{{text}}}"
    uncertainty = _uncertainty(cell)
    number = cell.number + (f"({uncertainty})" if uncertainty else "")
    # siunitx leaves an uncertainty of zero out.
    after = rf"$\:\pm\:${cell.half}" if cell.half and not uncertainty else ""
    after += (rf"~({escape(cell.suffix)})" if cell.suffix else "") + marks
    tail = f"{{{after}}}" if after else ""
    if cell.rank == 2:
        form = spec.removeprefix("S") if uncertainty else re.sub(r"\(\d+\)", "", spec.removeprefix("S"))
        return rf"{{\underline{{\tablenum{form}{{{number}}}}}{after}}}"
    bold = r"\bfseries " if cell.rank == 1 or kind == "mean" else ""
    return f"{colour}{bold}{number}{tail}"


def _is_number(cell: Cell) -> bool:
    return cell.text is None and bool(cell.number) and cell.number.lstrip("-")[0].isdigit()


def _uncertainty(cell: Cell) -> str:
    """Half-width in units of the last digit, as siunitx takes it: 24.64 ± 1.14 is 24.64(114)."""
    return cell.half.replace(".", "").lstrip("0")


def _float(table: Table, panels: Sequence[Table], letters: dict[str, str], notes: list[str]) -> list[str]:
    lines = [
        r"\begin{table}[htbp]",
        r"\centering",
        rf"\caption{{{escape(table.caption)}}}",
        rf"\label{{tab:{fragment_name(table.id).removesuffix('.tex')}}}",
    ]
    for number, part in enumerate(panels):
        spec, head, body = _tabular(part, letters)
        lines += [
            *([r"\par\medskip"] if number else []),
            r"\begin{adjustbox}{max width=\linewidth}",
            rf"\begin{{tabular}}{{{spec}}}",
            r"\toprule",
            head,
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{adjustbox}",
        ]
    if notes:
        lines += [r"\par\smallskip", r"\begin{minipage}{\linewidth}\footnotesize"]
        lines += [*(rf"{note}\par" for note in notes), r"\end{minipage}"]
    return [*lines, r"\end{table}"]


def _long(table: Table, panels: Sequence[Table], letters: dict[str, str], notes: list[str]) -> list[str]:
    lines = [r"\begingroup\footnotesize\setlength{\tabcolsep}{4pt}"]
    label = rf"\label{{tab:{fragment_name(table.id).removesuffix('.tex')}}}"
    for number, part in enumerate(panels):
        spec, head, body = _tabular(part, letters)
        lines += [
            rf"\begin{{longtable}}{{{spec}}}",
            *([] if number else [rf"\caption{{{escape(table.caption)}}}{label}\\"]),
            r"\toprule",
            head,
            r"\midrule\endfirsthead",
            r"\toprule",
            head,
            r"\midrule\endhead",
            r"\bottomrule\endfoot",
            *body,
            r"\end{longtable}",
        ]
    return [*lines, *(rf"\noindent {note}\par" for note in notes), r"\endgroup"]


def _tabular(table: Table, letters: dict[str, str]) -> tuple[str, str, list[str]]:
    """Column types, head and rows."""
    specs = [_column(table, i) for i in range(len(table.columns))]
    columns = list(zip(table.columns, specs, strict=True))
    body = [_row(row.stub, row.cells, row.kind, row.notes, letters, columns) for row in table.rows]
    if table.rows and table.rows[-1].kind == "mean":
        body.insert(-1, r"\midrule")
    heads = [f"{{{escape(text)}}}" for text in table.stub]
    heads += [f"{{{escape(c.head)}{_marks(c.notes, letters)}}}" for c in table.columns]
    return "l" * len(table.stub) + "".join(specs), " & ".join(heads) + r" \\", body


def _panels(table: Table) -> list[Table]:
    """The table, or parts of it with some of the columns each where all would not fit beside one another."""
    stubs = zip(table.stub, *(row.stub for row in table.rows), strict=True)
    stub = sum(max(map(len, texts)) + 2 for texts in stubs)
    widths = [
        max(len(column.head), *(len(row.cells[i].plain) for row in table.rows), 0) + 3
        for i, column in enumerate(table.columns)
    ]
    if any(column.key == "reason" for column in table.columns):
        return [table]  # its last column breaks its lines
    count = min(len(widths), math.ceil(sum(widths) / max(WIDE - stub, WIDE // 3)))
    if len(table.rows) <= LONG:
        count = min(count, LONG // max(1, len(table.rows)))  # a float fits on a page, or shrinks
    parts: list[list[int]] = [[] for _ in range(max(1, count))]
    done = 0
    for i, width in enumerate(widths):
        parts[min(len(parts) - 1, int((done + width / 2) * len(parts) / sum(widths)))].append(i)
        done += width
    return [
        replace(
            table,
            columns=tuple(table.columns[i] for i in part),
            rows=tuple(replace(row, cells=tuple(row.cells[i] for i in part)) for row in table.rows),
        )
        for part in parts
        if part
    ]


def _marks(notes: tuple[str, ...], letters: dict[str, str]) -> str:
    return rf"\textsuperscript{{{','.join(letters[note] for note in notes)}}}" if notes else ""
