import argparse

import numpy as np
import pandas as pd
import pytest

from bench.file_names import file_name
from bench.report.page.folder import write_page
from bench.report.page.frame_data import Curve
from bench.report.plots import run_plots, strips, style, view_plots
from bench.report.plots.run_plots import _rank_correlation, draw
from bench.report.plots.series import series_of
from bench.report.plots.worst_frames import even_frames, worst_frames
from bench.report.tables.columns import MetricColumn, choose, columns_of
from bench.report.tables.words import Words
from bench.report.write import write_report
from bench.results.run_results import load
from bench.rows import ORIGINAL, Row
from bench.settings import Setting
from tests.bench.report.runs import CLIPS, HOSTILE, METRICS, make_run

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
    run_plots = {"bars-psnr", "distributions", "radar-original", "correlation-original"}
    expected = {*run_plots, file_name(f"curves-{HOSTILE}")}
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
    assert families == {"pitch 0°, roll 0°": {angle: Row.of(Setting(angle, 0, 0)) for angle in (-30.0, 0.0, 30.0)}}
    assert view_plots._families(swept[0], "roll") == {}


def test_measured_pose_is_the_mean_over_frames(swept):
    found = view_plots.measured_pose(swept)
    assert len(found) == 4 * 3 * len(CLIPS)
    assert {(name, measured - asked) for name, _, asked, measured in found} == {("model", 1.0)}


def test_runs_without_free_views_have_no_such_plots(tmp_path, words):
    run = load([make_run(tmp_path / "run", settings=("ground-truth", "static", "original"))])
    assert draw(["sweep", "pose"], run, columns_of(run), words, tmp_path / "plots") == []


def test_radar_has_no_metric_against_the_unrotated_reference(runs, words, tmp_path):
    columns = columns_of(runs[:2])
    assert names(draw(["radar"], runs[:2], choose(columns, ["psnr", "ssim", "l1", "niqe"]), words, tmp_path)) == {
        "radar-original"
    }
    series = [one for one in series_of(runs[:2], words) if one.row.is_free_view]
    assert "PSNR, L1" in run_plots.unrotated_note(choose(columns, ["psnr", "l1", "niqe"]), series, words)
    assert run_plots.unrotated_note(choose(columns, ["niqe"]), series, words) == ""


def test_infinite_values_are_named_where_they_are_not_drawn(runs, words):
    columns = choose(columns_of(runs[:1]), ["psnr", "niqe"])
    assert run_plots.infinite_note(columns, series_of(runs[:1], words), words).endswith("PSNR (ground truth)")
    assert run_plots.infinite_note(columns, series_of(runs[:1], words, ceiling=False), words) == ""


def test_plots_of_several_protocols_or_videos_say_so(runs, words, tmp_path, monkeypatch):
    """Under every plot of both runs, and under none of one of them."""
    about = {"settings": SWEEP, "metrics": ("psnr", "ssim", "niqe"), "clips": CLIPS[:3]}
    pair = [
        load(
            [
                make_run(
                    tmp_path / name, model=name, shift=k, protocol={"height": 2**k}, digests={CLIPS[0]: name}, **about
                )
            ]
        )
        for k, name in enumerate("ab")
    ]
    mixed = (*pair[0], *pair[1])
    notes = {}
    monkeypatch.setattr(
        "matplotlib.figure.Figure.savefig",
        lambda figure, path, **_: notes.update({path.stem: figure.legends[0].get_title().get_text()}),
    )
    kinds = ("bars", "curves", "distributions", "sweep", "radar")
    draw(kinds, mixed, columns_of(mixed), words, tmp_path)
    assert {name.partition("-")[0] for name in notes} == set(kinds)
    said = "protocols differ (height): these runs are not comparable"
    video = f"not one video in all runs: {CLIPS[0]}"
    assert all(said in note for note in notes.values())
    assert {name for name, note in notes.items() if video not in note} == {f"curves-{clip}" for clip in CLIPS[1:3]}
    notes.clear()
    draw(kinds, pair[0], columns_of(pair[0]), words, tmp_path)
    assert notes
    assert not any("differ" in note or "not one video" in note for note in notes.values())
    assert "（height）" in run_plots.mixed_note(mixed, Words("zh"))


def test_characters_without_a_font_are_named():
    text = style.drawable("a_$\U000e0041\nü")
    assert text == "a_$U+E0041.U+000Aü"
    assert style.short("abcdefghij", 7) == "abc…hij"


def test_plots_in_a_script_without_a_font_are_english(monkeypatch, caplog):
    monkeypatch.setattr(style, "_characters", lambda: frozenset(range(128)))
    assert style.plot_words(Words("zh")).language == "en"
    assert "the plots are in English" in caplog.text
    assert style.plot_words(Words("en")).language == "en"


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
    assert run_plots._worst(values, column, list(values[0])) == [f"c{i}" for i in range(run_plots.BARS)]


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
    view = Row.parse("free-view:30,10,0")
    curve = {}
    for clip, found in strips.clip_curves(run.folder):
        if clip == HOSTILE:
            curve = {(c.setting, c.metric): c for c in found}
    lines = strips._lines(run, record, [ORIGINAL, view], curve, strips.plain(columns_of(runs)), words)
    assert list(lines[0].pictures) == ["source", "reference", "original", "free view 30,10,0", "error map: original"]
    assert {0, 7} <= {line.frame for line in lines}
    worst = strips.worst_frames(curve["original", "psnr"].values, "higher", count=2)
    assert {line.frame for line in lines if line.is_worst} == set(worst)
    for line in lines:
        apart = line.pictures["original"].astype(int) - line.pictures["reference"].astype(int)
        np.testing.assert_array_equal(line.pictures["error map: original"], np.abs(apart).mean(axis=2).astype(np.uint8))
        np.testing.assert_array_equal(line.pictures["source"], lines[0].pictures["reference"])
    caveat = strips._caveat({view: strips.plain(columns_of(runs))}, words)
    assert "PSNR, SSIM, L1, LPIPS under free view: against the unrotated reference" in caveat


@pytest.mark.slow
def test_a_strip_for_every_clip_with_videos(words, tmp_path):
    folder = make_run(tmp_path / "run", clips=("anna_1", HOSTILE), metrics=("psnr",), videos=True)
    (run,) = load([folder])
    written = strips.write_strips(run, columns_of([run]), words, tmp_path / "strips")
    assert {path.name for path in written} == {"anna_1.png", f"{file_name(HOSTILE)}.png"}


def test_strips_prefer_the_true_view(words):
    plain, twin = (
        MetricColumn(METRICS["psnr"].model_copy(update={"id": id, "label": label, "against": against}))
        for id, label, against in (
            ("psnr", "PSNR", "driving"),
            ("psnr_true_view", "PSNR (true view)", "true-view"),
        )
    )
    row, view = Row.parse("free-view:30,10,0"), "free-view:30,10,0"
    curve = Curve(view, "psnr", np.arange(2), np.arange(2.0), np.array([20.0, np.inf]))
    curves = {(view, "psnr"): curve, (view, "psnr_true_view"): curve}
    chosen = strips._metrics(row, [plain.metric, twin.metric], curves, [plain, twin])
    assert chosen == [twin]
    assert strips._values(row, 1, curves, chosen) == "PSNR ∞"
    assert "true rotated view" in strips._caveat({row: chosen}, words)


def test_clips_without_videos_have_no_strip(runs, words, tmp_path):
    assert strips.write_strips(runs[1], columns_of(runs), words, tmp_path) == []


@pytest.mark.slow
def test_pictures_stand_on_the_page(tmp_path):
    folder = make_run(tmp_path / "run", clips=CLIPS[:1], metrics=("psnr",), videos=True)
    options = argparse.Namespace(
        runs=[folder], out=None, allow_mixed=False, published=None, format=["html"], columns=None, digits=None,
        transpose=False, caption=None, lang="en", plots=["distributions"], strips=True, serve=False, port=0,
    )  # fmt: skip
    assert write_report(options) == 0
    index = (folder / "report" / "index.html").read_text("utf-8")
    assert 'src="plots/distributions.png"' in index
    assert 'src="strips/anna_1.png"' in index


def test_pictures_of_any_name_are_found_by_the_page(runs, words, tmp_path):
    picture = tmp_path / "strips" / 'a#b%20c"d.png'
    picture.parent.mkdir()
    picture.write_bytes(b"")
    index = write_page(tmp_path, runs[:1], columns_of(runs[:1]), [], words, plots=[picture], title="t")
    page = index.read_text("utf-8")
    assert 'src="strips/a%23b%2520c%22d.png"' in page
    assert 'alt="strips/a#b%20c&#34;d.png"' in page
