import numpy as np
import pandas as pd
import pytest

from bench.report.tables.columns import choose, columns_of
from bench.report.tables.summary import summary_table
from bench.report.tables.words import Words
from bench.results.run_results import load
from tests.bench.report.runs import CLIPS, METRICS, make_run


def table_of(runs, names=None):
    return summary_table(runs, choose(columns_of(runs), names), Words("en"))


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
