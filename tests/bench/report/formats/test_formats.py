import csv
import html.parser
import io
import json
import math
import re
import shutil
import string
import subprocess

import pandas as pd
import pytest
from rich.console import Console

from bench.report.formats import latex
from bench.report.formats.csv import csv_table
from bench.report.formats.html import html_page
from bench.report.formats.json import json_tables
from bench.report.formats.latex import escape as latex_escape
from bench.report.formats.latex import fragment_name, latex_document, latex_table
from bench.report.formats.markdown import escape as markdown_escape
from bench.report.formats.markdown import markdown
from bench.report.formats.terminal import rich_table
from bench.report.tables import words as words_module
from bench.report.tables.clips import clip_table
from bench.report.tables.columns import choose, columns_of
from bench.report.tables.differences import comparisons, difference_table
from bench.report.tables.numbers import show
from bench.report.tables.outcomes import outcome_table
from bench.report.tables.summary import summary_table
from bench.report.tables.table import Cell, Column, Table, TableRow
from bench.report.write import report_tables
from bench.results.run_results import load
from bench.rows import ORIGINAL
from tests.bench.report.runs import CLIPS, HOSTILE, make_run


@pytest.fixture
def tables(runs, words):
    return report_tables(runs, columns_of(runs), words)


def test_hostile_name_survives_csv(tables):
    found = [row[0] for table in tables for row in csv.reader(io.StringIO(csv_table(table))) if "clip" in table.id]
    assert HOSTILE in found


def test_hostile_name_survives_json(tables):
    read = json.loads(json_tables(tables))
    assert any(HOSTILE in row["stub"] for table in read.values() for row in table["rows"])


class Text(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.text.append(data)


def test_hostile_name_survives_html(tables):
    parsed = Text()
    parsed.feed(html_page(tables, title=HOSTILE, language="en"))
    assert "script" not in parsed.tags
    assert HOSTILE in parsed.text


def test_hostile_name_survives_markdown(tables):
    text = "\n".join(markdown(table) for table in tables)
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp; 视频\\_\\$%" in text
    for line in text.splitlines():
        if line.startswith("| "):
            # A bar in a name would make another column.
            assert len(re.findall(r"(?<!\\)\|", line)) > 4
    assert markdown_escape("a|b\nc") == "a\\|b c"


def test_every_markdown_row_has_as_many_cells_as_its_head(tables):
    for table in tables:
        lines = [line for line in markdown(table).splitlines() if line.startswith("| ")]
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
        assert len(widths) == 1


def test_csv_has_full_precision_and_bounds(runs, words):
    table = summary_table(runs[:1], columns_of(runs[:1]), words)
    rows = list(csv.DictReader(io.StringIO(csv_table(table))))
    (row,) = [row for row in rows if row["Setting"] == "original"]
    stored = runs[0].mean(ORIGINAL, "l1")
    assert float(row["l1"]) == stored["mean"] * 255
    assert float(row["l1 high"]) == stored["high"] * 255
    assert row["l1 n"] == str(len(CLIPS))


def test_json_keeps_infinity_valid(runs, words):
    table = summary_table(runs[:1], columns_of(runs[:1]), words)
    text = json_tables([table])
    assert "Infinity" not in text
    assert "NaN" not in text
    assert json.loads(text)["summary"]["rows"][0]["cells"][2]["value"] == "inf"


def test_ranks_are_marked_in_every_format(runs, words):
    table = summary_table(runs[:2], columns_of(runs[:2]), words)
    best = next(row.cells[4] for row in table.rows if row.stub == ("original", "copy"))
    assert f"**{best.plain}**" in markdown(table)
    assert "<u>" in markdown(table)
    assert f'<span class="best">{best.number}</span>' in html_page([table], title="", language="en")
    assert "\\bfseries" in latex_table(table)
    assert "\\underline" in latex_table(table)


def test_an_infinite_best_is_marked_too():
    cell = Cell(math.inf, infinite=3, rank=1)
    table = Table("t", "", ("s",), (Column("psnr", "PSNR"),), (TableRow(("a",), (cell,)),))
    assert "**∞ ×3**" in markdown(table)
    assert '<span class="best">∞ ×3</span>' in html_page([table], title="", language="en")
    assert "\\textbf{$\\infty$ $\\times$3}" in latex_table(table)


def test_clip_table_names_failures_and_ends_with_the_mean(runs, words):
    table = clip_table(runs[2], ORIGINAL, columns_of(runs), words, id="clips")
    by_clip = {row.stub[0]: row for row in table.rows}
    assert {cell.text for cell in by_clip["carl_1"].cells} == {"failed"}
    assert table.rows[-1].kind == "mean"
    assert len(table.rows) == len(CLIPS) + 1


def test_outcomes_have_their_reasons(tmp_path, words):
    drop = {("anna_1", s, m): ("skipped", "no speech") for s in ("original", "static") for m in ("lse_c", "niqe")}
    table = outcome_table(load([make_run(tmp_path / "run", drop=drop, failed=("carl_1",))]), words)
    lines = {(*row.stub, *(cell.text for cell in row.cells)) for row in table.rows}
    assert ("anna_1", "original", "NIQE, LSE-C", "skipped", "no speech") in lines
    assert ("carl_1", "—", "—", "failed", "'carl_1' cannot be read") in lines


def test_everything_with_a_value_has_no_outcome_table(runs, words):
    assert outcome_table(runs[:1], words) is None


def test_differences_compare_only_what_is_fair(runs, words):
    tests = comparisons(runs[:2], columns_of(runs[:2]), words)
    across = {t.metric.id for t in tests if "free view" in t.second and "original" in t.first}
    assert across == {"niqe", "lse_c"}
    models = {t.metric.id: t for t in tests if (t.first, t.second) == ("copy, original", "blur, original")}
    assert models["psnr"].difference.mean == pytest.approx(-24 * 0.08, abs=1e-9)
    assert models["psnr"].p == min(1.0, models["psnr"].difference.p * len(tests))
    table = difference_table(runs[:2], columns_of(runs[:2]), words)
    assert any("cannot fall below 0.12" in note for note in table.notes)


def test_a_difference_from_infinity_has_no_number(tmp_path, runs, words):
    rows = pd.read_csv(runs[0].folder / "clips.csv")
    perfect = tmp_path / "perfect"
    shutil.copytree(runs[0].folder, perfect)
    rows.loc[(rows["metric"] == "psnr") & (rows["setting"] == "original"), "value"] = math.inf
    rows.to_csv(perfect / "clips.csv", index=False)
    both = load([perfect, runs[1].folder])
    table = difference_table(both, choose(columns_of(both), ["psnr", "ssim"]), words)
    (row,) = [row for row in table.rows if row.stub[1] == "PSNR ↑ (dB)"]
    assert [cell.plain for cell in row.cells] == ["—", "—", "—", "—", "0"]
    assert any("over the 1 tests" in note for note in table.notes)


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [(1.25, 1, "1.2"), (-0.0001, 2, "0.00"), (float("inf"), 2, "∞"), (float("nan"), 2, "—"), (1234.5, 0, "1234")],
)
def test_numbers_as_shown(value, digits, shown):
    assert show(value, digits) == shown


def test_both_languages_have_the_same_words_with_the_same_places():
    def places(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english, chinese = words_module._ENGLISH, words_module._CHINESE
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert places(text) == places(chinese[key]), key


def test_chinese_tables(runs):
    text = markdown(report_tables(runs, columns_of(runs), words_module.Words("zh"))[0])
    assert "原视角" in text
    assert "与未旋转的参考比较" in text


def test_latex_escapes_every_printable_character():
    text = latex_escape(string.printable + HOSTILE + "é×∞")
    # What is left of the specials stands in commands.
    assert not re.search(r"(?<!\\)[&%#_]", text)
    assert "\\benchtext{视频}{\\texttt{U+89C6.U+9891}}" in text


def test_wide_latex_tables_spread_over_panels(runs, words):
    table = summary_table(runs, columns_of(runs), words)
    panels = latex._panels(table)
    assert len(panels) > 1
    assert [column for panel in panels for column in panel.columns] == list(table.columns)
    for i, row in enumerate(table.rows):
        assert [cell for panel in panels for cell in panel.rows[i].cells] == list(row.cells)
        assert {panel.rows[i].stub for panel in panels} == {row.stub}
    narrow = summary_table(runs, columns_of(runs)[:2], words)
    assert len(latex._panels(narrow)) == 1


def test_metrics_that_a_setting_never_had_are_no_columns(tmp_path, words):
    folder = make_run(tmp_path / "run", metrics=("psnr", "ssim"))
    rows = pd.read_csv(folder / "clips.csv")
    rows[(rows["setting"] == "original") | (rows["metric"] == "psnr")].to_csv(folder / "clips.csv", index=False)
    (run,) = load([folder])
    keys = {
        n: [c.key for c in clip_table(run, r, columns_of([run]), words, id="c").columns] for n, r in run.rows.items()
    }
    assert keys["static"] == ["psnr"]
    assert keys["original"] == ["psnr", "ssim"]


needs_tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX (pdflatex) on this machine")


def compile_tex(folder, name, engine="pdflatex"):
    command = [engine, "-interaction=nonstopmode", "-halt-on-error", name]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Missing character" not in done.stdout
    return done.stdout


@needs_tex
@pytest.mark.slow
def test_latex_compiles_as_it_is(tmp_path, tables):
    for table in [*tables, tables[0].transpose()]:
        name = fragment_name(table.id)
        (tmp_path / name).write_text(latex_table(table), "utf-8")
    (tmp_path / "tables.tex").write_text(latex_document(tables, language="en"), "utf-8")
    compile_tex(tmp_path, "tables.tex")
    # In somebody's own paper, with nothing but the packages that the fragment names.
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\\usepackage{booktabs,longtable,siunitx,xcolor,adjustbox}"
        "\\begin{document}\\input{summary}\\input{clips-copy-original}\\end{document}",
        "utf-8",
    )
    compile_tex(tmp_path, "paper.tex")
    if shutil.which("pdftotext"):
        subprocess.run(["pdftotext", "-layout", "tables.pdf"], cwd=tmp_path, check=True)
        text = (tmp_path / "tables.txt").read_text("utf-8")
        assert "<script>alert(1)</script>& U+89C6.U+9891_$%" in text
        assert "±" in text


@needs_tex
@pytest.mark.slow
def test_long_latex_table_breaks_over_pages(tmp_path, words):
    clips = tuple(f"clip \\{character} {i}" for i, character in enumerate(string.printable[:95]))
    run = load([make_run(tmp_path / "run", clips=clips, people=False)])[0]
    table = clip_table(run, ORIGINAL, columns_of([run]), words, id="long")
    (tmp_path / "long.tex").write_text(latex_table(table), "utf-8")
    (tmp_path / "tables.tex").write_text(latex_document([table], language="en"), "utf-8")
    assert "2 pages" in compile_tex(tmp_path, "tables.tex")


OBEYED = "a\x1b[31mred\x1b]0;title\x07 \x9b2J\x00\x7f gnp.\u202eexe \u2028 \ud800 \udcff\nnext\ttab"


@pytest.mark.parametrize(
    "write", [html_page, latex_table, markdown, rich_table], ids=["html", "latex", "markdown", "terminal"]
)
def test_nothing_that_a_terminal_or_reader_obeys_is_left_in_a_name(write):
    cell = Cell(text=OBEYED, notes=(OBEYED,))
    row = TableRow((OBEYED,), (cell,), notes=(OBEYED,))
    table = Table("t", OBEYED, (OBEYED,), (Column("a", OBEYED, notes=(OBEYED,)),), (row,), (OBEYED,), alarms=(OBEYED,))
    if write is html_page:
        text = html_page([table], title="t", language="en")
    elif write is rich_table:
        console = Console(file=io.StringIO(), width=2000)
        console.print(rich_table(table, width=2000))
        text = console.file.getvalue()
    else:
        text = write(table)
    assert not re.search("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\ud800-\udfff]", text)
    assert "next tab" in text  # ends of lines are spaces, so that nothing begins a line of its own
    assert "x1b" in text
    text.encode()
