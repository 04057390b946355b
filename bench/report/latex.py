"""A table in LaTeX (booktabs, siunitx): a fragment to `\\input`, and a document around the fragments."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bench.report.table import Cell, Column, Kind, Table

LONG = 40
"""Tables of more rows break over pages (longtable)."""

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
    r"\sisetup{separate-uncertainty=true,detect-weight=true,table-align-text-post=false}",
]


def latex_table(table: Table) -> str:
    """The table as a float, or as a longtable where it is long; needs the packages named in its first line."""
    letters = table.footnotes()
    body = [_row(row.stub, row.cells, row.kind, row.notes, letters, table) for row in table.rows]
    if table.rows and table.rows[-1].kind == "mean":
        body.insert(-1, r"\midrule")
    heads = [f"{{{escape(text)}}}" for text in table.stub]
    heads += [f"{{{escape(c.head)}{_marks(c.notes, letters)}}}" for c in table.columns]
    head = " & ".join(heads) + r" \\"
    spec = "l" * len(table.stub) + "".join(_column(table, i) for i in range(len(table.columns)))
    notes = [rf"\textcolor{{red}}{{\textbf{{{escape(alarm)}}}}}" for alarm in table.alarms]
    notes += [rf"\textsuperscript{{{letter}}} {escape(text)}" for text, letter in letters.items()]
    notes += [escape(text) for text in table.notes]
    shape = _long if len(table.rows) > LONG else _float
    lines = [f"% Needs {_PACKAGES}", *_SETUP, *shape(table, spec, head, body, notes)]
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
    for character in unicodedata.normalize("NFC", text):
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
    if character < " " or character == "\x7f":
        return " "
    if character < "\x7f":
        return character
    parts = unicodedata.normalize("NFD", character)
    if len(parts) == 2 and parts[0].isascii() and parts[1] in _ACCENTS:
        base = {"i": r"\i ", "j": r"\j "}.get(parts[0], parts[0])
        return rf"\{_ACCENTS[parts[1]]}{{{base}}}"
    return None


def _foreign(text: str) -> str:
    points = "".join(f"U+{ord(character):04X}." for character in text)
    return rf"\benchtext{{{text}}}{{\texttt{{{points.rstrip('.')}}}}}"


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
    uncertain = max((len(_uncertainty(cell)) for cell in cells if _is_number(cell)), default=0)
    sign = "-" if any(number.startswith("-") for number in numbers) else ""
    form = f"{sign}{whole}.{decimals}" + (f"({uncertain})" if uncertain else "")
    return f"S[table-format={form}]"


def _row(
    stub: tuple[str, ...],
    cells: tuple[Cell, ...],
    kind: Kind,
    notes: tuple[str, ...],
    letters: dict[str, str],
    table: Table,
) -> str:
    kinds = [kind] * len(stub) + [kind if kind != "result" else column.kind for column in table.columns]
    texts = [escape(text) for text in stub]
    texts[-1] += _marks(notes, letters)
    shown = [f"{_style(k)}{text}" for k, text in zip(kinds, texts, strict=False)]
    for i, cell in enumerate(cells):
        shown.append(_cell(cell, kinds[len(stub) + i], table.columns[i], letters, _column(table, i)))
    return " & ".join(shown) + r" \\"


def _style(kind: Kind) -> str:
    return {"published": r"\color{gray}\itshape ", "mean": r"\bfseries "}.get(kind, "")


def _cell(cell: Cell, kind: Kind, column: Column, letters: dict[str, str], spec: str) -> str:
    marks = _marks(cell.notes, letters)
    colour = r"\color{gray} " if kind == "published" else ""
    if not _is_number(cell):
        text = f"{colour}{escape(cell.plain)}{marks}"
        return text if column.is_text else f"{{{text}}}"
    uncertainty = _uncertainty(cell)
    number = cell.number + (f"({uncertainty})" if uncertainty else "")
    after = marks if not cell.suffix else rf"~({escape(cell.suffix)}){marks}"
    tail = f"{{{after}}}" if after else ""
    if cell.rank == 2:
        form = spec.removeprefix("S")
        return rf"{{\underline{{\tablenum{form}{{{number}}}}}{after}}}"
    bold = r"\bfseries " if cell.rank == 1 or kind == "mean" else ""
    return f"{colour}{bold}{number}{tail}"


def _is_number(cell: Cell) -> bool:
    return cell.text is None and bool(cell.number) and cell.number.lstrip("-")[0].isdigit()


def _uncertainty(cell: Cell) -> str:
    """Half-width in units of the last digit, as siunitx takes it: 24.64 ± 1.14 is 24.64(114)."""
    return cell.half.replace(".", "").lstrip("0") or ("0" if cell.half else "")


def _float(table: Table, spec: str, head: str, body: list[str], notes: list[str]) -> list[str]:
    return [
        r"\begin{table}[htbp]",
        r"\centering",
        rf"\caption{{{escape(table.caption)}}}",
        rf"\label{{tab:{fragment_name(table.id).removesuffix('.tex')}}}",
        r"\begin{adjustbox}{max width=\linewidth}",
        rf"\begin{{tabular}}{{{spec}}}",
        r"\toprule",
        head,
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{adjustbox}",
        *([r"\par\smallskip", r"\begin{minipage}{\linewidth}\footnotesize"] if notes else []),
        *(rf"{note}\par" for note in notes),
        *([r"\end{minipage}"] if notes else []),
        r"\end{table}",
    ]


def _long(table: Table, spec: str, head: str, body: list[str], notes: list[str]) -> list[str]:
    return [
        r"\begingroup\footnotesize\setlength{\tabcolsep}{4pt}",
        rf"\begin{{longtable}}{{{spec}}}",
        rf"\caption{{{escape(table.caption)}}}\label{{tab:{fragment_name(table.id).removesuffix('.tex')}}}\\",
        r"\toprule",
        head,
        r"\midrule\endfirsthead",
        r"\toprule",
        head,
        r"\midrule\endhead",
        r"\bottomrule\endfoot",
        *body,
        r"\end{longtable}",
        *(rf"\noindent {note}\par" for note in notes),
        r"\endgroup",
    ]


def _marks(notes: tuple[str, ...], letters: dict[str, str]) -> str:
    return rf"\textsuperscript{{{','.join(letters[note] for note in notes)}}}" if notes else ""
