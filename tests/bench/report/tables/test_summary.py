import math

import pandas as pd
import pytest

from bench.errors import BenchError
from bench.report.formats.csv import csv_table
from bench.report.tables.clips import clip_table
from bench.report.tables.columns import choose, columns_of, has_closeness, rounded
from bench.report.tables.differences import comparisons
from bench.report.tables.summary import summary_table
from bench.report.tables.words import Words
from bench.results.run_results import load
from bench.rows import GROUND_TRUTH, ORIGINAL
from tests.bench.report.runs import CLIPS, LEVEL, METRICS, SETTINGS, make_run


def table_of(runs, names=None):
    return summary_table(runs, choose(columns_of(runs), names), Words("en"))


def cells(table, setting, model=None):
    rows = [row for row in table.rows if row.stub[0] == setting and (model is None or row.stub[-1] == model)]
    assert len(rows) == 1
    return dict(zip((column.key for column in table.columns), rows[0].cells, strict=True))


def test_shows_what_the_summary_file_says(runs):
    table = table_of(runs[:1])
    stored = runs[0].mean(ORIGINAL, "l1")
    cell = cells(table, "original")["l1"]
    assert cell.value == stored["mean"] * 255
    assert cell.plain == f"{stored['mean'] * 255:.2f} ± {(stored['high'] - stored['low']) / 2 * 255:.2f}"
    assert cell.n == len(CLIPS)


def test_ranks_models_within_a_setting_only(runs):
    table = table_of(runs[:2])
    good, worse = cells(table, "original", "copy"), cells(table, "original", "blur")
    for metric in METRICS:
        assert (good[metric].rank, worse[metric].rank) == (1, 2)
    assert all(cell.rank == 0 for cell in cells(table, "ground truth").values())
    assert all(cell.rank == 0 for cell in cells(table, "static").values())


def with_codec_floor(tmp_path):
    rows = (*SETTINGS[:2], "codec-floor", *SETTINGS[2:])
    return load([make_run(tmp_path / m, model=m, shift=3 * i, settings=rows) for i, m in enumerate("ab")])


def test_the_codec_floor_is_no_competitor(tmp_path):
    table = table_of(with_codec_floor(tmp_path))
    assert all(cell.rank == 0 for cell in cells(table, "codec floor").values())  # and one row for both runs
    assert [(row.stub[0], row.kind) for row in table.rows[:3]] == [
        ("ground truth", "ground-truth"),
        ("static", "static"),
        ("codec floor", "codec-floor"),
    ]
    assert cells(table, "original", "a")["psnr"].rank == 1


def test_a_codec_floor_changes_no_paired_difference(tmp_path):
    """Nor the correction over all of them."""
    plain = load([make_run(tmp_path / f"plain {m}", model=m, shift=3 * i) for i, m in enumerate("ab")])
    without, beside = (comparisons(runs, columns_of(runs), Words("en")) for runs in (plain, with_codec_floor(tmp_path)))
    assert [(t.first, t.second, t.metric.id) for t in without] == [(t.first, t.second, t.metric.id) for t in beside]
    assert [test.p for test in beside] == pytest.approx([test.p for test in without])


def test_never_ranks_reference_metrics_of_a_free_view(runs):
    table = table_of(runs[:2])
    turned = cells(table, "free view 30,10,0", "copy")
    for metric, record in METRICS.items():
        assert turned[metric].rank == (0 if record.needs_reference else 1)
        assert any("unrotated" in note for note in turned[metric].notes) == record.needs_reference


def test_ranks_true_views(tmp_path, monkeypatch):
    twin = METRICS["psnr"].model_copy(update={"id": "psnr_true_view", "against": "true-view"})
    monkeypatch.setitem(METRICS, "psnr_true_view", twin)
    monkeypatch.setitem(LEVEL, "psnr_true_view", 20.0)
    made = [make_run(tmp_path / str(i), model=f"m{i}", shift=5 * i, metrics=("psnr_true_view",)) for i in (0, 1)]
    two = load(made)
    assert cells(table_of(two), "free view 30,10,0", "m0")["psnr_true_view"].rank == 1


def test_one_run_alone_is_not_ranked(runs):
    assert all(cell.rank == 0 for row in table_of(runs[:1]).rows for cell in row.cells)


def test_means_over_different_clips_are_not_ranked(runs):
    table = table_of((runs[0], runs[2]))
    assert all(cell.rank == 0 for row in table.rows for cell in row.cells)
    assert any("different clips" in note for note in table.notes)


def of_psnr(tmp_path, models):
    """Runs that differ in nothing but the PSNR of three clips under `original`."""
    chosen = CLIPS[:3]
    folders = []
    for model, values in models.items():
        given = {(clip, "original", "psnr"): (value, 0) for clip, value in zip(chosen, values, strict=True)}
        folders.append(make_run(tmp_path / model, model=model, clips=chosen, metrics=("psnr",), given=given))
    return load(folders)


def test_means_over_different_finite_clips_are_not_ranked(tmp_path):
    """A is better on every clip, and its mean leaves the clip out where it is perfect."""
    table = table_of(of_psnr(tmp_path, {"A": (math.inf, 24.9, 24.9), "B": (30, 24.8, 24.8)}))
    a, b = (cells(table, "original", model)["psnr"] for model in "AB")
    assert a.value < b.value
    assert (a.rank, b.rank) == (0, 0)
    assert any("different clips" in note for note in table.notes)


def test_means_that_leave_out_the_same_infinite_clips_are_ranked(tmp_path):
    table = table_of(of_psnr(tmp_path, {"A": (math.inf, 24.9, 24.9), "B": (math.inf, 24.8, 24.8)}))
    assert [cells(table, "original", model)["psnr"].rank for model in "AB"] == [1, 2]


def test_embedded_columns_are_not_ranked_beside_official_ones(tmp_path, monkeypatch):
    small = METRICS["fid"].model_copy(update={"id": "fd_small", "embedded": True})
    monkeypatch.setitem(METRICS, "fd_small", small)
    monkeypatch.setitem(LEVEL, "fd_small", 9.0)
    made = [make_run(tmp_path / str(i), model=f"m{i}", shift=5 * i, metrics=("fid", "fd_small")) for i in (0, 1)]
    two = load(made)
    beside = cells(table_of(two), "original", "m0")
    assert (beside["fid"].rank, beside["fd_small"].rank) == (1, 0)
    assert cells(table_of(two, ["fd_small"]), "original", "m0")["fd_small"].rank == 1


def test_infinite_values_are_counted_not_averaged(runs):
    cell = cells(table_of(runs[:1]), "ground truth")["psnr"]
    assert cell.value == math.inf
    assert cell.plain == f"∞ ×{len(CLIPS)}"


def test_excluded_clips_are_counted(tmp_path):
    drop = {
        ("anna_1", "original", "lse_c"): ("skipped", "no speech"),
        ("anna_2", "original", "lse_c"): ("failed", "boom"),
    }
    table = table_of(load([make_run(tmp_path / "run", drop=drop)]))
    cell = cells(table, "original")["lse_c"]
    assert (cell.n, cell.skipped, cell.failed) == (3, 1, 1)
    assert "n = 3: 1 skipped, 1 failed." in cell.notes


def test_infinite_frames_are_counted(tmp_path):
    """Also where the clip's value is finite; one line a metric, and a count in the cell for programs."""
    given = {(clip, "original", "psnr"): (24.0, k + 1) for k, clip in enumerate(CLIPS[:2])}
    given[CLIPS[0], "free-view:30,10,0", "psnr"] = (math.inf, 8)
    folders = [make_run(tmp_path / m, model=m, metrics=("psnr", "niqe"), given=given) for m in "ab"]
    runs = load(folders)
    told = "PSNR: frames of infinite value are kept out of means: "
    turned, original = "free view 30,10,0", "original"
    for table, line in (
        (table_of(runs[:1]), f"{original} ∞ ×3, {turned} ∞ ×8."),
        (table_of(runs), f"{original} · a ∞ ×3, {original} · b ∞ ×3, {turned} · a ∞ ×8, {turned} · b ∞ ×8."),
    ):
        assert [note for note in table.notes if "infinite" in note] == [told + line]
    columns = columns_of(runs)
    clips = clip_table(runs[0], ORIGINAL, columns, Words("en"), id="clips")
    assert [note for note in clips.notes if "infinite" in note] == [f"{told}{original} ∞ ×3."]
    assert [row.cells[0].infinite_frames for row in clips.rows] == [1, 2, 0, 0, 0, 3]
    truth = clip_table(runs[0], GROUND_TRUTH, columns, Words("en"), id="clips")
    assert not any("infinite" in note for note in truth.notes)
    assert ",psnr infinite_frames," in csv_table(clips).splitlines()[0]


def test_summaries_of_before_infinite_frames_were_counted_are_read(tmp_path):
    given = {(clip, "original", "psnr"): (24.0, 2) for clip in CLIPS[:2]}
    folder = make_run(tmp_path / "run", metrics=("psnr",), given=given)
    stored = pd.read_csv(folder / "summary.csv")
    stored.drop(columns="infinite_frames").to_csv(folder / "summary.csv", index=False)
    cell = cells(table_of(load([folder])), "original")["psnr"]
    assert cell.infinite_frames == stored.set_index("setting")["infinite_frames"]["original"] == 4


def test_fid_clip_by_clip_is_never_without_its_n(tmp_path):
    folder = make_run(tmp_path / "run", metrics=("fid", "psnr"))
    frame = pd.read_csv(folder / "clips.csv")
    frame.loc[(frame["clip"] == "anna_1") & (frame["setting"] == "original"), "n"] = 5
    frame.to_csv(folder / "clips.csv", index=False)
    (run,) = load([folder])
    columns = columns_of([run])
    shown = cells(table_of([run]), "original")
    foot = clip_table(run, ORIGINAL, columns, Words("en"), id="clips").rows[-1]
    means = dict(zip(("fid", "psnr"), foot.cells, strict=True))
    for cell in (shown["fid"], means["fid"]):
        assert "Clip by clip, N = 5–8 frames a side." in cell.notes
    assert "Over all frames of the suite at once, N = 40 frames." in shown["fid:pooled"].notes
    assert not any("N = " in note for note in (*shown["psnr"].notes, *means["psnr"].notes))


def test_a_metric_that_was_skipped_everywhere_says_so(tmp_path):
    drop = {(clip, "original", "lse_c"): ("skipped", "no sound") for clip in CLIPS}
    cell = cells(table_of(load([make_run(tmp_path / "run", drop=drop)])), "original")["lse_c"]
    assert (cell.value, cell.plain) == (None, "skipped")


def test_closeness_is_the_mean_distance_from_each_clips_truth(runs):
    cell = cells(table_of(runs[:1]), "original")["niqe:closeness"]
    truth, found = runs[0].values(GROUND_TRUTH, "niqe"), runs[0].values(ORIGINAL, "niqe")
    assert cell.value == pytest.approx(sum(abs(found[clip] - truth[clip]) for clip in CLIPS) / len(CLIPS))


def test_a_metric_whose_truth_is_zero_has_no_distance_from_it(runs):
    niqe = runs[0].manifest.metrics[list(METRICS).index("niqe")]
    assert has_closeness(runs, niqe)
    assert not has_closeness(runs, niqe.model_copy(update={"needs_driving": True}))


def test_on_both_sides_of_the_ideal_the_nearest_is_best(tmp_path, monkeypatch):
    """A frozen video has the smallest jitter, and is not the best."""
    jitter = METRICS["l1"].model_copy(
        update={"id": "jitter", "label": "Jitter", "direction": "none", "scale": 1.0, "per_frame": False}
    )
    monkeypatch.setitem(METRICS, "jitter", jitter)
    folders = []
    for model, level in {"frozen": -1.2, "good": 0.1}.items():
        monkeypatch.setitem(LEVEL, "jitter", level)
        folders.append(make_run(tmp_path / model, model=model, metrics=("jitter",)))
    table = table_of(load(folders))
    frozen, good = (cells(table, "original", model) for model in ("frozen", "good"))
    assert frozen["jitter"].value < good["jitter"].value
    assert (frozen["jitter"].rank, good["jitter"].rank) == (0, 0)
    assert (frozen["jitter:closeness"].rank, good["jitter:closeness"].rank) == (2, 1)
    assert cells(table, "free view 30,10,0", "good")["jitter:closeness"].rank == 0


def test_mean_over_frames_comes_when_asked_for_or_in_the_protocol(tmp_path, runs):
    assert "l1:frames" not in [column.key for column in columns_of(runs)]
    table = summary_table(runs[:1], choose(columns_of(runs[:1], every=True), ["l1:frames"]), Words("en"))
    cell = cells(table, "original")["l1:frames"]
    assert cell.value == runs[0].mean(ORIGINAL, "l1")["frame_mean"] * 255
    assert cell.half == ""
    rule = {"aggregation": "mean over the frames of all clips, float64"}
    other = load([make_run(tmp_path / "run", protocol=rule)])
    assert "l1:frames" in [column.key for column in columns_of(other)]


def test_pooled_value_prints_its_n(runs):
    cell = cells(table_of(runs[:1]), "original")["fid:pooled"]
    assert cell.value == runs[0].mean(ORIGINAL, "fid")["pooled"]
    assert any("N = 40 frames" in note for note in cell.notes)


def test_few_people_are_said(runs):
    assert any("Only 4 independent" in note for note in table_of(runs[:1]).notes)


def test_columns_come_in_the_order_asked_for(runs):
    assert [c.key for c in table_of(runs[:1], ["ssim", "fid:pooled"]).columns] == ["ssim", "fid:pooled", "n"]
    with pytest.raises(BenchError, match=r"--columns pnsr.*did you mean psnr"):
        table_of(runs[:1], ["pnsr"])


def test_digits_are_display(runs):
    columns = rounded(columns_of(runs[:1]), ["1", "psnr=4"])
    assert {c.key: c.digits for c in columns}["psnr"] == 4
    assert {c.digits for c in columns if c.key != "psnr"} == {1}
    for wrong in ("x", "psnr=-1", "99"):
        with pytest.raises(BenchError, match="--digits"):
            rounded(columns, [wrong])
    with pytest.raises(BenchError, match="no column 'pnsr'"):
        rounded(columns, ["pnsr=2"])


def test_a_transposed_table_has_the_same_numbers(runs):
    table = table_of(runs)
    there = table.transpose()
    back = list(zip(*(row.cells for row in there.rows), strict=True))
    assert back == [row.cells for row in table.rows]
    assert there.rows[2].stub == (table.columns[2].head,)
