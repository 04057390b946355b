import io
import math
import re

import pytest
from rich.console import Console

from bench.report.brief import Table, show, tables
from bench.results import run_folder
from bench.results.aggregation import CLIP_BY_CLIP, OVER_CLIPS
from bench.results.summary import SummaryRow
from tests.bench.report.runs import CLIPS, LEVEL, METRICS, make_run

TABLE = Table(
    title="demo",
    head=("setting", *(f"metric{number} ↑" for number in range(9)), "n"),
    rows=(("original", *(f"{number}.12345" for number in range(9)), "6"),),
    notes=("a note",),
)


def shown(width):
    text = io.StringIO()
    Console(file=text, width=width).print(TABLE.to_rich(width=width))
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
    manifest, summary = run_folder.read_manifest(folder), run_folder.read_summary(folder)
    rows = [SummaryRow(**row) for row in summary.to_dict("records") if row["metric"] != "niqe"]
    (table, *_) = tables(manifest, rows, run_folder.read_clips(folder))
    assert {row[table.head.index("NIQE ↓")] for row in table.rows} == {"—"}
    assert {row[table.head.index("excluded")] for row in table.rows} == {"—"}
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
    manifest, summary, clips = (
        run_folder.read_manifest(folder),
        run_folder.read_summary(folder),
        run_folder.read_clips(folder),
    )
    clips.loc[(clips["clip"] == "anna_1") & (clips["metric"] == "fid"), "n"] = 5
    clips.loc[(clips["clip"] == "anna_1") & (clips["metric"] == "psnr"), "n"] = 3
    (table, *_) = tables(manifest, [SummaryRow(**row) for row in summary.to_dict("records")], clips)
    assert [line for line in table.notes if "N = " in line] == [note]


def test_infinite_frames_are_counted_under_the_table(tmp_path):
    """Also where the clip's value is finite; one line a metric."""
    given = {(clip, row, "psnr"): (24.0, 1) for clip in CLIPS[:2] for row in ("static", "original")}
    given[CLIPS[0], "free-view:30,10,0", "psnr"] = (math.inf, 8)
    given[CLIPS[0], "ground-truth", "niqe"] = (5.0, 2)
    folder = make_run(tmp_path / "run", metrics=("psnr", "niqe"), given=given)
    summary = [SummaryRow(**row) for row in run_folder.read_summary(folder).to_dict("records")]
    (table, *_) = tables(run_folder.read_manifest(folder), summary, run_folder.read_clips(folder))
    assert [line for line in table.notes if "infinite" in line] == [
        "PSNR: frames of infinite value are kept out of means: static ∞ ×2, original ∞ ×2, free-view:30,10,0 ∞ ×8",
        "NIQE: frames of infinite value are kept out of means: ground-truth ∞ ×2",
    ]


def test_infinite_frames_are_counted_against_true_views_too(tmp_path, monkeypatch):
    monkeypatch.setitem(METRICS, "psnr_true_view", true_view_of(METRICS["psnr"]))
    monkeypatch.setitem(LEVEL, "psnr_true_view", 20.0)
    given = {(CLIPS[0], "free-view:30,10,0", "psnr_true_view"): (24.0, 3)}
    folder = make_run(tmp_path / "run", metrics=("psnr", "psnr_true_view"), given=given)
    rows = run_folder.read_summary(folder).to_dict("records")
    summary = [SummaryRow(**row) for row in rows if row["metric"] == "psnr" or "free" in row["setting"]]
    _, against = tables(run_folder.read_manifest(folder), summary, run_folder.read_clips(folder))
    assert against.notes == (
        "PSNR (true view): frames of infinite value are kept out of means: free-view:30,10,0 ∞ ×3",
    )


def true_view_of(metric):
    return metric.model_copy(update={"id": "psnr_true_view", "label": "PSNR (true view)"})


def test_markdown_escapes_names():
    text = Table(title="<b>|x", head=("a|b",), rows=(("*_$1",),)).to_markdown()
    assert "<b>" not in text
    assert text.count("|") - text.count("\\|") == 2 * 3
