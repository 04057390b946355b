import json
import math
import shutil
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from bench.commands import compare
from bench.errors import BenchError
from bench.gate import announce, check
from bench.gate import baseline as baselines
from bench.gate.baseline import Side
from bench.gate.judge import judge
from bench.gate.tolerances import Tolerances
from bench.report.tables.cells import mean_cell
from bench.report.tables.columns import choose, columns_of
from bench.report.tables.words import Words
from bench.results.protocol import Protocol
from bench.results.run_results import load, read_run
from bench.rows import ORIGINAL
from tests.bench.report.runs import CLIPS, HOSTILE, LEVEL, METRICS, make_run

RULES = Protocol(suite="toy", suite_version=1, clip_set="0")


def sides(before, after, metric="psnr", setting="original", people=None):
    def side(values):
        return Side("side", RULES, people or {}, {setting: {metric: values}}, clips=tuple(values))

    return side(before), side(after)


def verdict(before, after, metric="psnr", tolerances=None, **kwargs):
    first, second = sides(before, after, metric, **kwargs)
    (finding,) = judge(first, second, [METRICS[metric]], Tolerances(tolerances)).findings
    return finding


def clips(values):
    return {f"clip{i}": float(value) for i, value in enumerate(values)}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("gate") / "good", model="copy")


@pytest.fixture
def baseline(good, tmp_path):
    path = tmp_path / "base.json"
    assert check.gate(good, path, update=True) == 0
    return path


def test_green_on_a_rerun(good, baseline, tmp_path, capsys):
    again = make_run(tmp_path / "again", model="copy")
    assert check.gate(again, baseline, junit=tmp_path / "j.xml") == 0
    assert "0 worse, 0 unsure, 0 better, 9 same" in " ".join(capsys.readouterr().out.split())
    suite = ElementTree.parse(tmp_path / "j.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("9", "0", "0")


def test_red_on_a_worse_model(baseline, tmp_path, capsys):
    worse = make_run(tmp_path / "worse", model="blur", shift=5, noise_seed=1)
    outputs = {"junit": tmp_path / "j.xml", "markdown": tmp_path / "m.md", "github": True}
    assert check.gate(worse, baseline, **outputs) == 3
    printed = capsys.readouterr().out
    assert "✗ worse" in printed
    assert "What fell, and where" in printed
    assert "berta_1" in printed
    suite = ElementTree.parse(tmp_path / "j.xml").getroot()[0]
    assert suite.get("failures") == "9"
    failure = suite.find("testcase[@name='psnr']/failure")
    assert HOSTILE in failure.text
    assert "change -1.20" in failure.get("message")
    assert "9 got worse" in (tmp_path / "m.md").read_text("utf-8")
    assert "<script" not in (tmp_path / "m.md").read_text("utf-8").replace("\\<", "")
    annotations = [line for line in printed.splitlines() if line.startswith("::error ")]
    assert len(annotations) == 9
    assert all("%25" in line for line in annotations)


def test_better_is_green(baseline, tmp_path, capsys):
    assert check.gate(make_run(tmp_path / "better", shift=-5), baseline) == 0
    assert "9 better" in " ".join(capsys.readouterr().out.split())


def test_a_lost_clip_is_red_and_named(baseline, tmp_path, capsys):
    assert check.gate(make_run(tmp_path / "lost", failed=("carl_1",)), baseline) == 3
    assert "the clip failed" in capsys.readouterr().out


def test_a_skipped_value_is_red_with_its_reason(baseline, tmp_path, capsys):
    drop = {("anna_1", "original", "lse_c"): ("skipped", "no speech")}
    assert check.gate(make_run(tmp_path / "lost", drop=drop), baseline) == 3
    assert "skipped: no speech" in capsys.readouterr().out


def test_a_value_that_is_no_number_is_lost(good, baseline, tmp_path):
    again = tmp_path / "again"
    shutil.copytree(good, again)
    rows = pd.read_csv(again / "clips.csv")
    chosen = (rows["clip"] == "anna_1") & (rows["setting"] == "original") & (rows["metric"] == "psnr")
    rows.loc[chosen, "value"] = math.nan
    rows.to_csv(again / "clips.csv", index=False)
    findings = judge(
        baselines.read_side(baseline), baselines.of_run(read_run(again)), [METRICS["psnr"]], Tolerances()
    ).findings
    assert [(f.verdict, [change.clip for change in f.fallen]) for f in findings] == [("worse", ["anna_1"])]


def test_runs_of_the_first_schema_are_compared_as_ever(good, baseline, tmp_path, capsys):
    old = tmp_path / "old"
    shutil.copytree(good, old)
    rows = pd.read_csv(old / "clips.csv", keep_default_na=False, dtype=str).drop(columns="warning")
    rows.loc[rows["status"] == "value", "reason"] = "two sound tracks"
    rows.to_csv(old / "clips.csv", index=False)
    (old / "summary.csv").unlink()  # the gate never needed it
    assert check.gate(old, baseline) == 0
    assert compare.main([str(old), str(good)]) == compare.main([str(good), str(old)]) == 0
    assert check.gate(old, tmp_path / "again.json", update=True) == 0
    assert (tmp_path / "again.json").read_bytes() == baseline.read_bytes()
    drop = {("anna_1", "original", "lse_c"): ("skipped", "no speech")}
    assert compare.main([str(old), str(make_run(tmp_path / "lost", model="copy", drop=drop))]) == 3
    assert "skipped: no speech" in capsys.readouterr().out


def test_a_clip_that_was_not_run_is_red_for_a_baseline_only(good, baseline, tmp_path):
    fewer = make_run(tmp_path / "fewer", clips=CLIPS[:3])
    assert check.gate(fewer, baseline) == 3
    assert compare.main([str(good), str(fewer)]) == 0


def test_compare_takes_runs_and_baselines(good, baseline, tmp_path):
    worse = make_run(tmp_path / "worse", shift=5)
    assert compare.main([str(good), str(worse)]) == 3
    assert compare.main([str(baseline), str(worse)]) == 3
    loose = ["psnr:-9", "ssim:-1", "fid:+90%", "l1:+90%", "lpips:+90%", "niqe:+90%", "lse_c:-9"]
    assert compare.main([str(good), str(worse), "--tolerance", *loose]) == 0


def test_a_tolerance_names_a_setting_of_either_side(good, baseline, tmp_path):
    fewer = make_run(tmp_path / "fewer", settings=("ground-truth", "original"))
    theirs, nobodys = "psnr@free-view:30,10,0:-1", "psnr@free-view:1,1,1:-1"
    assert compare.main([str(baseline), str(fewer), "--tolerance", theirs]) == 0
    assert check.gate(fewer, baseline, tolerances=[theirs]) == 0
    for refused in (
        lambda: compare.main([str(baseline), str(fewer), "--tolerance", nobodys]),
        lambda: check.gate(good, baseline, tolerances=[nobodys]),
        lambda: check.gate(fewer, tmp_path / "new.json", tolerances=[theirs], update=True),
    ):
        with pytest.raises(BenchError, match="there is no setting 'free-view:"):
            refused()


def test_another_protocol_is_refused_with_its_fields(baseline, tmp_path):
    other = make_run(tmp_path / "other", protocol={"height": 512})
    with pytest.raises(BenchError, match=r"height was '256' and is '512'.*--update-baseline"):
        check.gate(other, baseline)


def test_other_videos_of_equal_ids_are_refused(tmp_path):
    """Of runs and of baselines; a run or baseline of before digests were kept is compared as ever."""
    first = make_run(tmp_path / "first", digests=dict.fromkeys(CLIPS, "1"))
    other = make_run(tmp_path / "other", digests={**dict.fromkeys(CLIPS, "1"), "anna_2": "2"})
    unknown = make_run(tmp_path / "unknown")
    check.gate(first, tmp_path / "base.json", update=True)
    for against in (
        lambda run: check.gate(run, tmp_path / "base.json"),
        lambda run: compare.main([str(first), str(run)]),
    ):
        with pytest.raises(
            BenchError, match=r"different videos.*clip 'anna_2' is another video in static \(other\): run"
        ):
            against(other)
        assert against(first) == against(unknown) == 0
    data = json.loads((tmp_path / "base.json").read_text("utf-8"))
    assert data.pop("digests") == dict.fromkeys(CLIPS, "1")
    (tmp_path / "base.json").write_text(json.dumps(data), "utf-8")
    assert check.gate(other, tmp_path / "base.json") == 0


def test_baseline_is_small_and_says_its_protocol(good, baseline):
    data = json.loads(baseline.read_text("utf-8"))
    assert data["protocol_hash"] == json.loads((good / "run.json").read_text("utf-8"))["protocol_hash"]
    assert data["values"]["original"]["psnr"][HOSTILE] == pytest.approx(20.95, abs=0.01)
    assert data["values"]["ground-truth"]["psnr"]["anna_1"] == "Infinity"
    longest = max(len(line) for line in baseline.read_text("utf-8").splitlines())
    assert longest < 120


def test_updating_keeps_tolerances(good, baseline):
    check.gate(good, baseline, tolerances=["psnr:-0.5"], update=True)
    check.gate(good, baseline, tolerances=["lpips:+9%"], update=True)
    assert baselines.read(baseline).tolerances == {"psnr": "-0.5", "lpips": "+9%"}


def test_a_stored_tolerance_holds(good, baseline, tmp_path):
    check.gate(good, baseline, tolerances=["psnr:-5"], update=True)
    worse = baselines.of_run(read_run(make_run(tmp_path / "worse", shift=5)))
    before = baselines.read_side(baseline)
    findings = judge(before, worse, [METRICS["psnr"]], Tolerances(before.tolerances)).findings
    assert [finding.verdict for finding in findings] == ["same"]


@pytest.mark.parametrize("broken", [{"failed": ("carl_1",)}, {"complete": False}])
def test_a_broken_run_becomes_no_baseline(broken, tmp_path):
    with pytest.raises(BenchError, match="cannot become a baseline"):
        check.gate(make_run(tmp_path / "run", **broken), tmp_path / "base.json", update=True)


def test_a_run_without_a_clips_predictions_becomes_no_baseline(tmp_path):
    absent = {("carl_1", "original", metric): ("failed", "its prediction is not there") for metric in METRICS}
    with pytest.raises(BenchError, match="since clip 'carl_1' failed"):
        check.gate(make_run(tmp_path / "run", drop=absent), tmp_path / "base.json", update=True)


def test_a_run_over_a_damaged_file_becomes_no_baseline(tmp_path):
    run = make_run(tmp_path / "run")
    manifest = json.loads((run / "run.json").read_text("utf-8"))
    manifest["clips"][1]["damaged"] = True
    (run / "run.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(BenchError, match=f"the file of clip '{manifest['clips'][1]['id']}' is damaged"):
        check.gate(run, tmp_path / "base.json", update=True)


def test_a_baseline_may_have_any_name(good, tmp_path, capsys):
    path = tmp_path / "nightly"
    assert check.gate(good, path, update=True) == 0
    assert check.gate(good, path) == 0
    assert compare.main([str(path), str(good)]) == 0
    assert "0 worse" in capsys.readouterr().out


def test_missing_and_damaged_baselines_are_said(good, baseline, tmp_path):
    with pytest.raises(BenchError, match="--update-baseline"):
        check.gate(good, tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{", "utf-8")
    with pytest.raises(BenchError, match="is not a baseline"):
        check.gate(good, tmp_path / "bad.json")
    data = json.loads(baseline.read_text("utf-8"))
    data["protocol"]["height"] = 64
    baseline.write_text(json.dumps(data), "utf-8")
    with pytest.raises(BenchError, match="was edited"):
        check.gate(good, baseline)


@pytest.mark.parametrize("value", [math.nan, "NaN", "24", None, True, 10**400])
def test_a_baseline_of_values_that_are_no_numbers_is_refused(good, baseline, value):
    data = json.loads(baseline.read_text("utf-8"))
    data["values"]["original"]["psnr"]["anna_1"] = value
    baseline.write_text(json.dumps(data), "utf-8")
    with pytest.raises(BenchError, match=r"base\.json', values\.original\.psnr\.anna_1: '\w+' is no number"):
        check.gate(good, baseline)


def test_noise_pages_nobody():
    generator = np.random.default_rng(0)
    red = 0
    for _ in range(200):
        before = generator.normal(24, 2, 12)
        after = before + generator.normal(0, 0.5, 12)
        red += verdict(clips(before), clips(after)).verdict == "worse"
    # The interval alone would say so in 2.5 % of cases; the tolerance makes it rarer.
    assert red <= 4


def test_a_fall_within_noise_is_unsure():
    found = verdict(clips([20, 25, 30, 22]), clips([17, 27, 28, 23]))
    assert (found.verdict, found.why) == ("unsure", "the interval crosses the tolerance")


def test_a_small_sure_fall_within_the_tolerance_is_the_same():
    assert verdict(clips(range(20, 30)), clips(np.arange(20, 30) - 0.05)).verdict == "same"
    assert verdict(clips(range(20, 30)), clips(np.arange(20, 30) - 0.15)).verdict == "worse"


def test_tolerance_is_in_the_unit_of_the_table():
    # L1 is stored in 0-1 and shown in 0-255.
    before, after = clips([0.04, 0.05, 0.06]), clips([0.044, 0.054, 0.064])
    assert verdict(before, after, "l1", {"l1": "+1.1"}).verdict == "same"
    assert verdict(before, after, "l1", {"l1": "+0.9"}).verdict == "worse"


def test_one_clip_is_never_sure():
    assert verdict(clips([24.0]), clips([20.0])).verdict == "unsure"
    assert verdict(clips([24.0]), clips([24.0])).verdict == "same"


def test_one_person_is_judged_by_clips():
    people = {f"clip{i}": "anna" for i in range(6)}
    found = verdict(clips(range(20, 26)), clips(range(18, 24)), people=people)
    assert (found.verdict, found.why) == ("worse", "falls beyond the tolerance")
    assert not math.isnan(found.low)


def test_infinite_values():
    same = verdict(clips([math.inf, math.inf]), clips([math.inf, math.inf]))
    assert (same.verdict, same.why, same.fallen) == ("same", "infinite before and after", ())
    better = verdict(clips([30.0, 32.0]), clips([math.inf, math.inf]))
    assert (better.verdict, better.why) == ("better", "clips infinite now: 2")
    fell = verdict(clips([math.inf, 30.0, 31.0]), clips([40.0, 30.0, 31.0]))
    assert (fell.verdict, fell.why) == ("worse", "clips no longer infinite: 1")
    assert (fell.n, fell.compared, len(fell.fallen)) == (2, 3, 1)
    lost = verdict(clips([math.inf, math.inf]), clips([30.0, 32.0]))
    assert (lost.verdict, lost.before, lost.after, lost.n, lost.compared) == ("worse", math.inf, 31.0, 0, 2)
    rose = verdict(clips([40.0, 30.0, 31.0]), clips([math.inf, 30.0, 31.0]))
    assert rose.verdict == "same"


@pytest.mark.parametrize(
    ("before", "after", "expected", "why"),
    [
        ([5.0, 6.0, 7.0], [math.inf, 6.0, 7.0], "worse", "clips infinite now: 1"),
        ([math.inf, math.inf], [5.0, 6.0], "better", "clips no longer infinite: 2"),
        ([5.0, 6.0], [math.inf, math.inf], "worse", "clips infinite now: 2"),
    ],
)
def test_words_on_infinite_values_hold_where_lower_is_better(before, after, expected, why):
    found = verdict(clips(before), clips(after), "niqe")
    assert (found.verdict, found.why) == (expected, why)


def test_words_on_infinite_values_count_both_ways_where_no_way_is_better():
    metric = METRICS["lse_c"].model_copy(update={"id": "av_offset", "direction": "none"})
    first, second = sides(clips([math.inf, 1, 2]), clips([1, math.inf, math.inf]), "av_offset")
    (finding,) = judge(first, second, [metric], Tolerances()).findings
    assert (finding.verdict, finding.why) == ("worse", "clips infinite now: 2, clips no longer infinite: 1")


def test_a_metric_without_direction_may_move_neither_way():
    metric = METRICS["lse_c"].model_copy(update={"id": "av_offset", "direction": "none"})
    first, second = sides(clips([0, 0, 0, 0]), clips([3, 3, 3, 3]), "av_offset")
    for one, other in ((first, second), (second, first)):
        (finding,) = judge(one, other, [metric], Tolerances()).findings
        assert finding.verdict == "worse"


def jitter_sides(before, after):
    """Values of the metric on both sides of its ideal; the ground truth's are 0."""
    jitter = METRICS["l1"].model_copy(
        update={"id": "jitter", "label": "Jitter", "direction": "none", "scale": 1.0, "unit": "px"}
    )
    first, second = (
        replace(side, values={**side.values, "ground-truth": {"jitter": dict.fromkeys(values, 0.0)}})
        for side, values in zip(sides(before, after, "jitter"), (before, after), strict=True)
    )
    return first, second, jitter


def test_where_nearest_is_best_a_move_towards_the_truth_is_no_loss():
    near, far, frozen = (clips([level] * 4) for level in (0.1, 0.9, -1.2))
    for before, after, expected in (
        (far, near, "better"),
        (frozen, near, "better"),
        (near, far, "worse"),
        (near, frozen, "worse"),
        (far, frozen, "worse"),  # past the ideal, and farther off than before
        (frozen, far, "better"),
        (near, clips([-0.1] * 4), "same"),
    ):
        first, second, jitter = jitter_sides(before, after)
        (finding,) = judge(first, second, [jitter], Tolerances()).findings
        assert finding.verdict == expected
        assert (finding.before, finding.after) == (abs(before["clip0"]), abs(after["clip0"]))
        assert finding.metric.label == "|Jitter − GT|"
        assert bool(finding.fallen) == (expected == "worse")


def test_the_gate_judges_the_distance_that_the_table_ranks(tmp_path, monkeypatch):
    """The same numbers as the column |Jitter − GT| of the report, also where the ground truth is not 0."""
    jitter = METRICS["l1"].model_copy(
        update={"id": "jitter", "label": "Jitter", "direction": "none", "scale": 2.0, "per_frame": False}
    )
    monkeypatch.setitem(METRICS, "jitter", jitter)
    monkeypatch.setitem(LEVEL, "jitter", -1.2)
    folder = make_run(tmp_path / "run", metrics=("jitter",))
    rows = pd.read_csv(folder / "clips.csv")
    rows.loc[rows["setting"] == "ground-truth", "value"] = 0.25
    rows.to_csv(folder / "clips.csv", index=False)
    side = baselines.of_run(read_run(folder))
    (finding,) = judge(side, side, [jitter], Tolerances()).findings
    (run,) = load([folder])
    (column,) = choose(columns_of([run]), ["jitter:closeness"])
    cell = mean_cell(run, ORIGINAL, column, Words("en"))
    assert finding.before == pytest.approx(cell.value, rel=1e-9)
    levels = side.values["original"]["jitter"].values()
    assert cell.value == pytest.approx(np.mean([2 * (0.25 - level) for level in levels]))  # all are below the truth


def test_a_tolerance_of_a_two_sided_metric_is_of_its_distance(tmp_path, monkeypatch):
    jitter = METRICS["l1"].model_copy(
        update={"id": "jitter", "label": "Jitter", "direction": "none", "scale": 1.0, "per_frame": False}
    )
    monkeypatch.setitem(METRICS, "jitter", jitter)
    monkeypatch.setitem(LEVEL, "jitter", 0.1)
    run = make_run(tmp_path / "run", metrics=("jitter",))
    check.gate(run, tmp_path / "base.json", tolerances=["jitter:+0.2"], update=True)
    assert baselines.read(tmp_path / "base.json").tolerances == {"jitter": "+0.2"}
    with pytest.raises(BenchError, match=r"the harmful way has '\+'"):
        check.gate(run, tmp_path / "base.json", tolerances=["jitter:-0.2"], update=True)


def test_free_view_against_the_unrotated_reference_is_not_judged():
    first, second = sides(clips([24, 25]), clips([4, 5]), setting="free-view:30,0,0")
    assert judge(first, second, [METRICS["psnr"]], Tolerances()).findings == ()


@pytest.mark.parametrize("row", ["ground-truth", "static", "codec-floor"])
def test_a_moved_row_without_a_model_is_a_note(row):
    first, second = sides(clips([5, 6]), clips([5, 7]), "niqe", setting=row)
    judgement = judge(first, second, [METRICS["niqe"]], Tolerances())
    assert judgement.findings == ()
    assert "1 clips moved, which no model can do" in judgement.notes[0]


@pytest.mark.parametrize(("now", "noted"), [(6.0005, False), (6.0007, True), (5.9993, True), (math.nan, True)])
def test_a_last_digit_of_another_machine_is_no_drift(now, noted):
    """1e-4 of the value is left to processors."""
    first, second = sides(clips([5, 6]), clips([5, now]), "niqe", setting="ground-truth")
    assert bool(judge(first, second, [METRICS["niqe"]], Tolerances()).notes) == noted


def test_what_was_not_measured_is_noted():
    first, second = sides(clips([24, 25]), clips([24, 25]))
    first = replace(first, values={**first.values, "free-view:0,0,0": {"niqe": clips([5])}})
    notes = judge(first, second, list(METRICS.values()), Tolerances()).notes
    assert notes == ("free-view:0,0,0: not run this time",)


def test_xml_and_annotations_hold_any_name():
    bad = "a\x00b\nc%,:"
    first, second = sides({bad: 24.0, "x": 25.0, "y": 26.0}, {bad: 20.0, "x": 21.0, "y": 22.0})
    judgement = judge(first, second, [METRICS["psnr"]], Tolerances())
    ElementTree.fromstring(announce.junit(judgement).encode())
    (line,) = announce.github(judgement).splitlines()
    assert "%0A" in line


def test_a_gate_with_nothing_to_compare_is_no_green_one(baseline, tmp_path):
    other = make_run(tmp_path / "other", model="copy", metrics=("niqe",), settings=("ground-truth", "static"))
    with pytest.raises(BenchError, match="nothing could be compared"):
        check.gate(other, baseline)


def test_a_jobs_summary_that_cannot_be_written_is_said_and_changes_nothing(
    good, baseline, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "absent" / "summary.md"))
    assert check.gate(good, baseline) == 0
    assert "cannot be written (No such file or directory)" in capsys.readouterr().err
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    assert check.gate(good, baseline) == 0
    assert "nothing got worse" in (tmp_path / "summary.md").read_text("utf-8")
