import json
import math
import shutil
from xml.etree import ElementTree

import pandas as pd
import pytest

from bench.commands import compare
from bench.errors import BenchError
from bench.gate import announce, check
from bench.gate import baseline as baselines
from bench.gate.baseline import Side
from bench.gate.judge import judge
from bench.gate.tolerances import Tolerances
from bench.results.protocol import Protocol
from bench.results.run_results import read_run
from tests.bench.report.runs import CLIPS, HOSTILE, METRICS, make_run

RULES = Protocol(suite="toy", suite_version=1, clip_set="0")


def sides(before, after, metric="psnr", setting="original", people=None):
    def side(values):
        return Side("side", RULES, people or {}, {setting: {metric: values}}, clips=tuple(values))

    return side(before), side(after)


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
    allowed = "free-view:30,10,0"
    assert compare.main([str(baseline), str(fewer), "--tolerance", theirs, "--allow-missing", allowed]) == 0
    assert check.gate(fewer, baseline, tolerances=[theirs], allow_missing=[allowed]) == 0
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
