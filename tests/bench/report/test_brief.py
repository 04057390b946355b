import io
import math
import re

import pandas as pd
import pytest
from rich.console import Console

from bench.report.brief import LINES, tables, write_brief
from bench.report.formats.markdown import markdown
from bench.report.formats.terminal import rich_table
from bench.report.tables.numbers import show
from bench.report.tables.table import Cell, Column, Table, TableRow
from bench.results.aggregation import CLIP_BY_CLIP, OVER_CLIPS
from bench.results.run_results import load
from tests.bench.report.runs import CLIPS, LEVEL, METRICS, make_run

TABLE = Table(
    "demo",
    "demo",
    ("setting",),
    (*(Column(f"m{number}", f"metric{number}", "higher") for number in range(9)), Column("n", "n")),
    (TableRow(("original",), (*(Cell(text=f"{number}.12345") for number in range(9)), Cell(text="6"))),),
    ("a note",),
)


def brief_of(folder):
    return tables(*load([folder]))


def edit(path, change):
    """Rewrite a table of a run folder."""
    rows = pd.read_csv(path, keep_default_na=False)
    change(rows).to_csv(path, index=False)


def shown(width):
    text = io.StringIO()
    Console(file=text, width=width).print(rich_table(TABLE, width=width))
    return text.getvalue()


def test_no_number_is_cut_in_any_terminal():
    for width in (60, 80, 120, 200):
        text = shown(width)
        assert "…" not in text
        assert all(f"{number}.12345" in text for number in range(9))


def test_metrics_are_columns_where_they_fit_and_rows_where_not():
    wide, narrow = shown(200), shown(80)
    assert any(all(f"metric{number}" in line for number in range(9)) for line in wide.splitlines())
    assert any(re.search(r"metric3 ↑ .* 3\.12345", line) for line in narrow.splitlines())


def test_nothing_has_one_sign(tmp_path):
    folder = make_run(tmp_path / "run", metrics=("psnr", "niqe"))
    edit(folder / "summary.csv", lambda rows: rows[rows["metric"] != "niqe"])
    (table,) = brief_of(folder)
    heads = [column.head for column in table.columns]
    assert {row.cells[heads.index("NIQE ↓")].plain for row in table.rows} == {"—"}
    assert {row.cells[heads.index("excluded")].plain for row in table.rows} == {"—"}
    assert show(float("nan"), 2) == "—"


@pytest.mark.parametrize(
    ("aggregation", "note"),
    [
        (CLIP_BY_CLIP, "FID: clip by clip, N = 5–8 frames a side"),
        (OVER_CLIPS, "FID: pooled over the suite, N = 40 frames a side"),
    ],
)
def test_fid_is_never_without_its_n(tmp_path, aggregation, note):
    folder = make_run(tmp_path / "run", metrics=("fid", "psnr"), protocol={"aggregation": aggregation})
    fewer = {("anna_1", "fid"): 5, ("anna_1", "psnr"): 3}

    def shortened(rows):
        places = zip(rows["clip"], rows["metric"], rows["n"], strict=True)
        return rows.assign(n=[fewer.get((clip, metric), n) for clip, metric, n in places])

    edit(folder / "clips.csv", shortened)
    (table,) = brief_of(folder)
    assert [line for line in table.notes if "N = " in line] == [note]


def test_infinite_frames_are_counted_under_the_table(tmp_path):
    """Also where the clip's value is finite; one line a metric."""
    given = {(clip, row, "psnr"): (24.0, 1) for clip in CLIPS[:2] for row in ("static", "original")}
    given[CLIPS[0], "free-view:30,10,0", "psnr"] = (math.inf, 8)
    given[CLIPS[0], "ground-truth", "niqe"] = (5.0, 2)
    folder = make_run(tmp_path / "run", metrics=("psnr", "niqe"), given=given)
    (table,) = brief_of(folder)
    assert [line for line in table.notes if "infinite" in line] == [
        "PSNR: frames of infinite value are kept out of means: static ∞ ×2, original ∞ ×2, free-view:30,10,0 ∞ ×8",
        "NIQE: frames of infinite value are kept out of means: ground-truth ∞ ×2",
    ]


def test_infinite_frames_are_counted_against_true_views_too(tmp_path, monkeypatch):
    monkeypatch.setitem(METRICS, "psnr_true_view", true_view_of(METRICS["psnr"]))
    monkeypatch.setitem(LEVEL, "psnr_true_view", 20.0)
    given = {(CLIPS[0], "free-view:30,10,0", "psnr_true_view"): (24.0, 3)}
    folder = make_run(tmp_path / "run", metrics=("psnr", "psnr_true_view"), given=given)
    viewed = "free-view:30,10,0"
    edit(folder / "summary.csv", lambda rows: rows[(rows["metric"] == "psnr") | (rows["setting"] == viewed)])
    _, against = brief_of(folder)
    assert [row.stub for row in against.rows] == [(viewed,)]
    assert against.notes == (
        "PSNR (true view): frames of infinite value are kept out of means: free-view:30,10,0 ∞ ×3",
    )


def true_view_of(metric):
    return metric.model_copy(update={"id": "psnr_true_view", "label": "PSNR (true view)", "against": "true-view"})


def test_markdown_escapes_names():
    text = markdown(Table("x", "<b>|x", ("a|b",), (), (TableRow(("*_$1",), ()),)), heading=None)
    assert "<b>" not in text
    assert text.count("|") - text.count("\\|") == 2 * 3


def test_markdown_among_other_text_is_a_bold_caption_and_a_list_of_notes():
    row = TableRow(("original",), (Cell(1.0, digits=1), Cell(text="2")))
    table = Table("x", "toy", ("setting",), (Column("a", "A", "higher"), Column("n", "n")), (row,), ("one", "two"))
    assert markdown(table, heading=None).splitlines() == [
        "**toy**", "", "| setting | A ↑ | n |", "| --- | ---: | ---: |", "| original | 1.0 | 2 |", "", "- one", "- two",
    ]  # fmt: skip


def many(count, what):
    return {f"clip{number:03d}": f"{what} {number:03d}" for number in range(count)}


def told(folder):
    """What table.md and the terminal say, which is the same."""
    brief = write_brief(folder)
    text = io.StringIO()
    for table in brief.tables:
        Console(file=text, width=400).print(rich_table(table, width=400))
    notes = [note for table in brief.tables for note in table.notes]
    written = (folder / "table.md").read_text("utf-8")
    assert all(f"  {note}\n" in text.getvalue() for note in notes)
    assert sum(line.startswith("- ") for line in written.splitlines()) == len(notes)
    return notes


@pytest.mark.parametrize("status", ["skipped", "failed"])
def test_every_reason_is_told(tmp_path, status):
    """Twenty-five clips with as many reasons: ten of them are not enough."""
    why = many(25, "no face in frame")
    drop = {(clip, "original", "psnr"): (status, reason) for clip, reason in why.items()}
    notes = told(make_run(tmp_path / "run", clips=tuple(why), metrics=("psnr", "niqe"), drop=drop))
    assert [note for note in notes if "no face" in note] == [
        f"{status}: 1 clips (psnr): {reason}" for reason in why.values()
    ]


def test_every_warning_is_told(tmp_path):
    why = many(25, "rate varies by")
    folder = make_run(
        tmp_path / "run", clips=tuple(why), metrics=("psnr",), warned={clip: (text,) for clip, text in why.items()}
    )
    assert [note for note in told(folder) if "rate" in note] == [f"clip '{clip}': {text}" for clip, text in why.items()]


def test_endless_reasons_are_counted_and_told_where_they_stand(tmp_path):
    why = many(LINES + 25, "no face in frame")
    drop = {
        (clip, setting, "psnr"): ("failed", reason)
        for clip, reason in why.items()
        for setting in ("static", "original")
    }
    notes = [n for n in told(make_run(tmp_path / "run", clips=tuple(why), metrics=("psnr",), drop=drop)) if "fail" in n]
    assert len(notes) == LINES + 1
    assert notes[-1] == "failed: 25 clips for 25 more reasons: clips.csv has them all"


def test_clips_that_share_a_warning_are_gathered_where_they_are_many(tmp_path):
    warned = dict.fromkeys(many(LINES + 25, ""), ("the rate varies",))
    warned["clip070"] = ("two sound tracks", "the rate varies")
    folder = make_run(tmp_path / "run", clips=tuple(warned), metrics=("psnr",), warned=warned)
    assert [note for note in told(folder) if note.startswith("clip '")] == [
        f"clip 'clip000' and {LINES + 24} more: the rate varies",
        "clip 'clip070': two sound tracks",
    ]
    why = many(LINES + 25, "rate varies by")
    folder = make_run(
        tmp_path / "all", clips=tuple(why), metrics=("psnr",), warned={clip: (text,) for clip, text in why.items()}
    )
    assert told(folder)[-1] == "25 more warnings: run.json has them all"


def test_reasons_of_true_views_stand_under_their_table(tmp_path, monkeypatch):
    monkeypatch.setitem(METRICS, "psnr_true_view", true_view_of(METRICS["psnr"]))
    monkeypatch.setitem(LEVEL, "psnr_true_view", 20.0)
    drop = {(CLIPS[0], "free-view:30,10,0", "psnr_true_view"): ("failed", "its true view has another length")}
    main, against = brief_of(make_run(tmp_path / "run", metrics=("psnr", "psnr_true_view"), drop=drop))
    assert "failed: 1 clips (psnr_true_view): its true view has another length" in against.notes
    assert not any("another length" in note for note in main.notes)
