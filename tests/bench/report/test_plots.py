import argparse

import numpy as np
import pandas as pd
import pytest

from bench.report import plots, strips, view_plots
from bench.report.columns import choose, columns_of
from bench.report.plots import _rank_correlation, draw, series_of
from bench.report.run import load
from bench.report.worst_frames import even_frames, worst_frames
from bench.report.write import write_report
from bench.store import file_name
from tests.bench.report.runs import CLIPS, HOSTILE, make_run

SWEEP = ("ground-truth", "original", "free-view:-30,0,0", "free-view:0,0,0", "free-view:30,0,0", "free-view:0,15,0")


def names(paths, suffix=".png"):
    return {path.stem for path in paths if path.suffix == suffix}


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A run with a sweep of the yaw and poses that the model measured."""
    folder = make_run(tmp_path_factory.mktemp("sweep") / "run", settings=SWEEP, metrics=("psnr", "niqe"), videos=False)
    frames = pd.read_parquet(folder / "frames.parquet")
    poses = []
    for setting in SWEEP[2:]:
        asked = dict(zip(("yaw", "pitch", "roll"), map(float, setting.partition(":")[2].split(",")), strict=True))
        for clip in CLIPS:
            for axis, angle in asked.items():
                poses += [(clip, setting, k, k / 25, f"model_{axis}", angle + 1.0) for k in range(8)]
    table = pd.concat([frames, pd.DataFrame(poses, columns=frames.columns)])
    table.to_parquet(folder / "frames.parquet")
    return load([folder])


@pytest.mark.slow
def test_every_plot_comes_as_vector_and_picture(words, tmp_path):
    settings = ("ground-truth", "static", "original")
    metrics = ("psnr", "ssim", "niqe")
    run = load([make_run(tmp_path / "run", clips=("anna_1", "berta_1", HOSTILE), settings=settings, metrics=metrics)])
    columns = columns_of(run)
    written = draw(("distributions", "correlation", "radar"), run, columns, words, tmp_path / "plots")
    written += draw(("bars",), run, choose(columns, ["psnr"]), words, tmp_path / "plots")
    alone = load([make_run(tmp_path / "alone", clips=(HOSTILE,), settings=settings, metrics=("psnr",))])
    written += draw(("curves",), alone, columns_of(alone), words, tmp_path / "plots")
    expected = {"bars-psnr", "distributions", "radar", "correlation-original", file_name(f"curves-{HOSTILE}")}
    assert names(written) == expected
    assert names(written, ".pdf") == expected
    for path in written:
        assert path.read_bytes()[:4] in (b"%PDF", b"\x89PNG")


@pytest.mark.slow
def test_plots_are_the_same_twice(runs, words, tmp_path):
    columns = choose(columns_of(runs), ["psnr", "niqe"])
    first = draw(["distributions"], runs[:1], columns, words, tmp_path / "a")
    second = draw(["distributions"], runs[:1], columns, words, tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.slow
def test_sweep_and_pose(swept, words, tmp_path):
    written = draw(["sweep", "pose"], swept, columns_of(swept), words, tmp_path)
    assert names(written) == {"sweep-yaw", "sweep-pitch", "pose"}


def test_sweeps_join_views_that_differ_in_one_angle(swept):
    families = view_plots._families(swept[0], "yaw")
    assert families == {
        "pitch 0°, roll 0°": {-30.0: "free-view:-30,0,0", 0.0: "free-view:0,0,0", 30.0: "free-view:30,0,0"}
    }
    assert view_plots._families(swept[0], "roll") == {}


def test_measured_pose_is_the_mean_over_frames(swept):
    found = view_plots.measured_pose(swept)
    assert len(found) == 4 * 3 * len(CLIPS)
    assert {(name, measured - asked) for name, _, asked, measured in found} == {("model", 1.0)}


def test_runs_without_free_views_have_no_such_plots(tmp_path, words):
    run = load([make_run(tmp_path / "run", settings=("ground-truth", "static", "original"))])
    assert draw(["sweep", "pose"], run, columns_of(run), words, tmp_path / "plots") == []


def test_colours_stay_with_their_series(runs, words):
    with_ceiling = {series.name: series.index for series in series_of(runs, words)}
    without = {series.name: series.index for series in series_of(runs, words, ceiling=False)}
    assert without.items() <= with_ceiling.items()


def test_rank_correlation_of_monotone_columns():
    first = {f"c{i}": float(i) for i in range(6)}
    matrix = _rank_correlation(
        [first, {clip: value**3 for clip, value in first.items()}, {c: -v for c, v in first.items()}]
    )
    np.testing.assert_allclose(matrix, [[1, 1, -1], [1, 1, -1], [-1, -1, 1]])


def test_too_many_bars_are_the_worst_ones(runs):
    column = choose(columns_of(runs), ["psnr"])[0]
    values = [{f"c{i}": float(i) for i in range(100)}]
    assert plots._worst(values, column, list(values[0])) == [f"c{i}" for i in range(plots.BARS)]


def test_worst_frames_are_bad_finite_and_apart():
    values = np.ones(100)
    values[[10, 11, 50, 80]] = [-5, -4, -3, -2]
    values[70] = np.inf
    assert worst_frames(values, "higher") == [10, 50, 80]
    assert worst_frames(-values, "lower") == [10, 50, 80]
    assert worst_frames(values, "none") == []
    assert worst_frames(np.array([np.inf, np.inf]), "higher") == []
    assert worst_frames(np.zeros(9), "lower") == []


@pytest.mark.parametrize(("length", "count", "expected"), [(10, 4, [0, 3, 6, 9]), (2, 4, [0, 1]), (1, 4, [0])])
def test_even_frames(length, count, expected):
    assert even_frames(length, count) == expected


@pytest.mark.slow
def test_strips_show_source_reference_settings_and_errors(runs, words, tmp_path):
    run = runs[0]
    record = run.records[HOSTILE]
    settings = ["original", "free-view:30,10,0"]
    curve = {}
    for clip, found in strips.clip_curves(run.folder):
        if clip == HOSTILE:
            curve = {(c.setting, c.metric): c for c in found}
    lines = strips._lines(run, record, settings, curve, strips.plain(columns_of(runs)), words)
    assert list(lines[0].pictures) == ["source", "reference", "original", "free view 30,10,0", "error map: original"]
    assert {0, 7} <= {line.frame for line in lines}
    worst = strips.worst_frames(curve["original", "psnr"].values, "higher", count=2)
    assert {line.frame for line in lines if line.is_worst} == set(worst)
    for line in lines:
        apart = line.pictures["original"].astype(int) - line.pictures["reference"].astype(int)
        np.testing.assert_array_equal(line.pictures["error map: original"], np.abs(apart).mean(axis=2).astype(np.uint8))
        np.testing.assert_array_equal(line.pictures["source"], lines[0].pictures["reference"])
    written = strips.write_strips(run, columns_of(runs)[:3], words, tmp_path)
    assert {path.name for path in written} == {f"{file_name(clip)}.png" for clip in CLIPS}


def test_clips_without_videos_have_no_strip(runs, words, tmp_path):
    assert strips.write_strips(runs[1], columns_of(runs), words, tmp_path) == []


@pytest.mark.slow
def test_pictures_stand_on_the_page(tmp_path):
    folder = make_run(tmp_path / "run", clips=CLIPS[:2], metrics=("psnr", "ssim"), videos=True)
    options = argparse.Namespace(
        runs=[folder], out=None, allow_mixed=False, published=None, format=["html"], columns=None, digits=None,
        transpose=False, caption=None, lang="en", plots=["distributions"], strips=True, serve=False, port=0,
    )  # fmt: skip
    assert write_report(options) == 0
    index = (folder / "report" / "index.html").read_text("utf-8")
    assert 'src="plots/distributions.png"' in index
    assert 'src="strips/anna_1.png"' in index
