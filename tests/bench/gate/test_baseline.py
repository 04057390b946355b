import json
import math

import pytest

from bench.commands import compare
from bench.errors import BenchError
from bench.gate import baseline as baselines
from bench.gate import check
from bench.gate.judge import judge
from bench.gate.tolerances import Tolerances
from bench.results.run_results import read_run
from tests.bench.report.runs import HOSTILE, METRICS, make_run


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
