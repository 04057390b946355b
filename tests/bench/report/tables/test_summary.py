import json
import math

import numpy as np
import pandas as pd
import pytest

from bench.errors import BenchError
from bench.report.formats.csv import csv_table
from bench.report.page.data import page_data
from bench.report.tables.clips import clip_table
from bench.report.tables.columns import choose, columns_of, has_closeness, rounded
from bench.report.tables.differences import comparisons, difference_table
from bench.report.tables.summary import summary_table
from bench.report.tables.words import Words
from bench.results.comparable import refuse_mixed
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


def test_protocols_are_never_mixed_silently(tmp_path, runs):
    other = make_run(tmp_path / "other", model="large", protocol={"height": 512, "width": 512})
    mixed = (runs[0], *load([other]))
    with pytest.raises(BenchError, match=r"^both were made .*: height is '256' and '512'.*--allow-mixed"):
        refuse_mixed(mixed, "both")
    table = table_of(mixed)
    assert all(cell.rank == 0 for row in table.rows for cell in row.cells)
    assert any("Protocols differ (height: 256 / 512; width: 256 / 512)" in note for note in table.notes)


def test_another_clip_set_is_another_n_not_another_protocol(tmp_path, runs):
    other = make_run(tmp_path / "other", model="m", protocol={"clip_set": "1" * 64, "preset": "fomm"})
    refuse_mixed((runs[0], *load([other])), "both")


def over_films(tmp_path, *films):
    """Runs of the models a, b and c over clips of equal ids; `films` are the clips' digests."""
    folders = []
    for i, (model, known) in enumerate(zip("abc", films, strict=False)):
        digests = dict(zip(CLIPS, known, strict=False))
        folders.append(make_run(tmp_path / model, model=model, shift=3 * i, digests=digests))
    return load(folders)


def test_other_videos_of_equal_ids_are_never_mixed_silently(tmp_path):
    runs = over_films(tmp_path, "12345", "1x345", "1y345")
    with pytest.raises(BenchError, match=r"^all were made .*: clip 'anna_2' is another video in b, c: .*--allow-mixed"):
        refuse_mixed(runs, "all")
    table = table_of(runs)
    assert all(cell.rank == 0 for row in table.rows for cell in row.cells)
    (note,) = [note for note in table.notes if "another video" in note]
    assert note.startswith("Videos differ: clip 'anna_2' is another video in b, c; ")
    assert [row.stub for row in table.rows[:3]] == [("ground truth", model) for model in "abc"]  # not put together
    differences = difference_table(runs, columns_of(runs), Words("en"))
    assert note in differences.notes
    between = [row for row in differences.rows if row.stub[0] == "b, original − a, original"]
    assert {row.cells[-1].text for row in between} == {str(len(CLIPS) - 1)}
    page = page_data(runs, [], [{}] * 3, Words("en"))
    clips = json.loads(page.removeprefix("Bench.load(").removesuffix(");\n"))["clips"]
    assert clips[1]["warnings"] == ["clip 'anna_2' is another video in b, c"]


@pytest.mark.parametrize("films", [("12345", "12345"), ("12345", ["", "2"]), ("12345", "")])
def test_equal_and_unknown_videos_are_comparable(tmp_path, films):
    """Runs of before digests were kept have none."""
    runs = over_films(tmp_path, *films)
    refuse_mixed(runs, "all")
    table = table_of(runs)
    assert cells(table, "original", "a")["psnr"].rank == 1
    assert not any("another video" in note for note in table.notes)


def test_few_people_are_said(runs):
    assert any("Only 4 independent" in note for note in table_of(runs[:1]).notes)


def test_a_free_view_that_never_turned_is_an_alarm(tmp_path):
    folder = make_run(tmp_path / "run")
    frame = pd.read_csv(folder / "clips.csv")
    turned = frame["setting"] == "free-view:30,10,0"
    frame.loc[turned, "value"] = frame.loc[frame["setting"] == "original", "value"].to_numpy() * 1.0005
    frame.to_csv(folder / "clips.csv", index=False)
    (alarm,) = table_of(load([folder])).alarms
    assert "free view 30,10,0: the free view was very probably not applied: PSNR, SSIM, L1, LPIPS" in alarm


def test_a_free_view_that_turned_is_none(runs):
    assert table_of(runs).alarms == ()


def test_a_cut_run_is_an_alarm(tmp_path):
    (alarm,) = table_of(load([make_run(tmp_path / "run", complete=False)])).alarms
    assert "not complete" in alarm


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


def test_a_run_given_twice_is_a_mistake(folders):
    with pytest.raises(BenchError, match="given twice"):
        load([folders[0], folders[0]])


def test_equal_model_names_are_told_apart(tmp_path):
    two = load([make_run(tmp_path / "a", model="m"), make_run(tmp_path / "b", model="m")])
    assert [run.label for run in two] == ["m (a)", "m (b)"]


def add_pose(folder, angles, *, name="model_yaw"):
    """Poses of a model: setting → one angle in every frame, of all clips or of each in turn."""
    path = folder / "frames.parquet"
    table = pd.read_parquet(path)
    rows = [
        (clip, setting, k, k / 25, name, angle + k)
        for setting, given in angles.items()
        for clip, angle in zip(CLIPS, np.broadcast_to(given, len(CLIPS)), strict=True)
        for k in range(4)
    ]
    pd.concat([table, pd.DataFrame(rows, columns=table.columns)]).to_parquet(path)
    return folder


def test_a_measured_pose_that_does_not_move_is_an_alarm(tmp_path):
    folder = add_pose(make_run(tmp_path / "run"), {"original": 2.0, "free-view:30,10,0": 3.0})
    (alarm,) = table_of(load([folder])).alarms
    assert alarm == (
        "static, free view 30,10,0: the measured pose does not follow: yaw 4.5 instead of 30 (degrees, measured by the "
        "model)."
    )


@pytest.mark.parametrize(
    "view, before, start, still, turned, told",
    [
        ("free-view:30,10,0@relative", "original", 20.0, 24.0, 46.0, "yaw 25.5 instead of 51.5 ("),
        ("free-view:30,10,0", "ground-truth", 2.0, 3.0, 29.0, "yaw 4.5 instead of 30 ("),
    ],
    ids=["an added angle is held to the sum", "without original the ground truth tells where the head was"],
)
def test_a_pose_is_judged_by_where_the_head_was(tmp_path, view, before, start, still, turned, told):
    def alarms(angle, folder):
        run = make_run(folder, settings=tuple(dict.fromkeys(("ground-truth", before, view))))
        return table_of(load([add_pose(run, {before: start, view: angle})])).alarms

    (alarm,) = alarms(still, tmp_path / "still")
    assert told in alarm
    assert alarms(turned, tmp_path / "turned") == ()


def test_an_angle_that_hardly_has_to_change_is_not_judged(tmp_path):
    view = "free-view:30,10,0"
    folder = add_pose(make_run(tmp_path / "run"), {"original": 2.0, view: 27.0})
    add_pose(folder, {"original": 3.0, view: 3.5}, name="model_pitch")
    assert table_of(load([folder])).alarms == ()


def test_an_angle_that_few_clips_have_to_change_is_not_judged(tmp_path):
    few = np.where(np.arange(len(CLIPS)) < 1, 15.0, 0.0)
    many = np.where(np.arange(len(CLIPS)) < len(CLIPS) - 1, 15.0, 0.0)
    view = "free-view:-,-,0"
    settings = ("ground-truth", "original", view)
    one = add_pose(make_run(tmp_path / "one", settings=settings), {"original": few, view: few}, name="mesh_roll")
    most = add_pose(make_run(tmp_path / "most", settings=settings), {"original": many, view: many}, name="mesh_roll")
    assert table_of(load([one])).alarms == ()
    (alarm,) = table_of(load([most])).alarms
    count = len(CLIPS)
    assert f"roll 16.5 instead of 0 on {count - 1} of {count} clips (degrees, measured by the face mesh)" in alarm


def test_a_clip_whose_pose_was_not_measured_is_left_out(tmp_path):
    view = "free-view:30,10,0"
    turned = np.full(len(CLIPS), 29.0)
    turned[0] = np.nan
    folder = add_pose(make_run(tmp_path / "run"), {"original": 2.0, view: turned})
    assert table_of(load([folder])).alarms == ()


def same_pixels(folder, view):
    """A run whose pixel metrics under `view` are those of `original`."""
    pixel = [metric.id for metric in METRICS.values() if metric.per_frame and metric.needs_reference]
    values = {(clip, setting, metric): (0.5, 0) for clip in CLIPS for setting in ("original", view) for metric in pixel}
    return make_run(folder, settings=("ground-truth", "original", view), given=values)


def test_a_view_that_adds_nothing_may_leave_the_pixels_as_they_are(tmp_path):
    assert table_of(load([same_pixels(tmp_path / "run", "free-view:0,0,0@relative")])).alarms == ()


def test_a_view_of_the_pose_that_the_head_has_may_leave_the_pixels_as_they_are(tmp_path):
    view = "free-view:20,-,-"
    run = same_pixels(tmp_path / "run", view)
    (alarm,) = table_of(load([run])).alarms
    assert "very probably not applied" in alarm
    add_pose(run, {"original": 18.5, view: 18.5})
    assert table_of(load([run])).alarms == ()


def test_a_measured_pose_that_moves_is_none(tmp_path):
    folder = add_pose(make_run(tmp_path / "run"), {"original": 2.0, "free-view:30,10,0": 24.0})
    assert table_of(load([folder])).alarms == ()
