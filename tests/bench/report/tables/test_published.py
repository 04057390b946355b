import csv

import pytest

from bench.errors import BenchError
from bench.report.tables.columns import columns_of
from bench.report.tables.published import published_tables, with_published
from bench.report.tables.summary import summary_table
from bench.results.run_results import load as load_runs
from bench.suites.published_numbers import datasets, mean, read
from metrics import registry
from tests.bench.report.runs import make_run
from tests.material import SHARED, needs

# The means that the source prints.
MEANS = {
    "original": (28.035, 7.972, 6.316, 24.644, 0.816, 9.379, 0.883, 43.823, 0.055),
    "free-view:30,10,0": (28.006, 8.448, 5.763, 24.644, 0.816, 9.381, 0.883, 43.906, 0.055),
}
LABELS = ("FID", "LSE-C", "LSE-D", "PSNR", "SSIM", "L1", "MS-SSIM", "NIQE", "LPIPS")


def test_portraits7_means_come_out_of_the_clips(words):
    table, *clips = published_tables(read("portraits7"), words)
    assert [column.label for column in table.columns] == list(LABELS)
    for row, printed in zip(table.rows, MEANS.values(), strict=True):
        assert [float(cell.number) for cell in row.cells] == list(printed)
        assert {cell.n for cell in row.cells} == {7}
    assert [len(table.rows) for table in clips] == [8, 8]
    assert all(row.kind == "published" for row in table.rows)


def test_the_free_view_that_was_never_applied_is_noticed(words):
    (alarm,) = published_tables(read("portraits7"), words)[0].alarms
    assert "very probably not applied: PSNR, SSIM, L1, MS-SSIM, LPIPS" in alarm


@pytest.mark.shared
@needs(SHARED / "published" / "portraits7.csv")
def test_agrees_with_the_source_file():
    rows = {(row.row.name, row.clip, row.label): row.value for row in read("portraits7")}
    columns = dict(
        zip(("fid", "lse_c", "lse_d", "psnr", "ssim", "l1", "ms_ssim", "niqe", "lpips"), LABELS, strict=True)
    )
    with (SHARED / "published" / "portraits7.csv").open(encoding="utf-8", newline="") as lines:
        source = [row for row in csv.DictReader(lines) if row["clip"] != "mean"]
    assert len(rows) == len(source) * len(columns)
    for row in source:
        for name, label in columns.items():
            assert rows[row["setting"], row["clip"], label] == float(row[name])


def test_rows_stand_greyed_under_measured_ones(tmp_path, words):
    run = load_runs([make_run(tmp_path / "run")])
    columns = columns_of(run)
    table = with_published(summary_table(run, columns, words), columns, read("portraits7"), words)
    copied = [row for row in table.rows if row.kind == "published"]
    assert len(copied) == 2
    assert all(cell.rank == 0 for row in copied for cell in row.cells)
    assert any("Copied from" in note for row in copied for note in row.notes)
    by_key = dict(zip((column.key for column in table.columns), copied[0].cells, strict=True))
    assert by_key["fid"].plain == "28.04"
    # The source's PSNR and NIQE are other variants than these columns: they stay empty.
    assert by_key["psnr"].plain == by_key["niqe"].plain == "—"


def test_a_printed_mean_without_clips_is_taken_as_it_is():
    row = read("portraits7")[0]
    from dataclasses import replace

    assert mean([replace(row, clip="", value=3.5)]) == (3.5, 0)


def test_unknown_data_set_names_the_near_one():
    with pytest.raises(BenchError, match="did you mean portraits7"):
        read("portrait7")


def test_damaged_file_is_said(tmp_path):
    (tmp_path / "mine.published.csv").write_text("method,value\nx,notanumber\n", "utf-8")
    with pytest.raises(BenchError, match="not a table of published numbers"):
        read("mine", folder=tmp_path)


def test_every_published_metric_is_one_of_ours():
    for row in (row for dataset in datasets() for row in read(dataset)):
        registry.check(row.metric)
