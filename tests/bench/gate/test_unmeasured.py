"""What the baseline has and the run has not is a mistake, or was asked for; machines are told either way."""

from xml.etree import ElementTree

import pytest

from bench.commands import compare
from bench.commands.main import main
from bench.errors import BenchError
from bench.gate import baseline as baselines
from bench.gate import check
from bench.results.protocol import MetricDefinition
from tests.bench.report.runs import CLIPS, METRICS, SETTINGS, make_run
from tests.films import portrait_film

VIEW = "free-view:30,10,0"
WITHOUT_SSIM = tuple(metric for metric in METRICS if metric != "ssim")


def cases(junit):
    """The counts of a JUnit file, and (setting, metric) → what stands in it beside plain output."""
    suite = ElementTree.parse(junit).getroot()[0]
    found = {}
    for case in suite.iter("testcase"):
        inside = [part for part in case if part.tag != "system-out"]
        found[case.get("classname"), case.get("name")] = [(part.tag, part.get("message")) for part in inside]
    counts = tuple(int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped"))
    assert counts[0] == len(found)
    assert [sum(part[0][0] == kind for part in found.values() if part) for kind in ("failure", "error", "skipped")] == [
        *counts[1:]
    ]
    return counts, found


def test_a_metric_of_the_baseline_that_was_not_measured_is_a_mistake(baseline, tmp_path):
    run, junit, summary = make_run(tmp_path / "run", metrics=WITHOUT_SSIM), tmp_path / "j.xml", tmp_path / "m.md"
    with pytest.raises(
        BenchError,
        match=r"copy \(base\.json\) has what this run does not measure \(metric ssim\): .*--allow-missing ssim$",
    ):
        check.gate(run, baseline, junit=junit, markdown=summary)
    counts, found = cases(junit)
    assert counts == (10, 0, 2, 0)
    assert found["gate.original", "ssim"] == [("error", "ssim was not measured this time")]
    assert summary.read_text("utf-8").startswith("### 🔴 Benchmark gate: nothing got worse, 2 not measured")


def test_where_that_is_allowed_it_is_skipped(baseline, tmp_path, capsys):
    run, junit, summary = make_run(tmp_path / "run", metrics=WITHOUT_SSIM), tmp_path / "j.xml", tmp_path / "m.md"
    outputs = {"junit": junit, "markdown": summary, "github": True}
    assert check.gate(run, baseline, allow_missing=["ssim"], **outputs) == 0
    counts, found = cases(junit)
    assert counts == (10, 0, 0, 2)
    assert found["gate.original", "ssim"] == [("skipped", "ssim was not measured this time, which is allowed")]
    assert summary.read_text("utf-8").startswith("### 🟢 Benchmark gate: nothing got worse\n")
    printed = capsys.readouterr().out
    assert "2 not measured" in " ".join(printed.split())
    assert f"::notice title=ssim under {VIEW.replace(':', '%3A').replace(',', '%2C')} was not measured::" in printed


@pytest.mark.parametrize("asked, left", [([VIEW], 0), (["ssim"], 7), ([f"psnr@{VIEW}"], 6), ([], 7)])
def test_a_setting_that_was_not_run_is_a_mistake_too(baseline, tmp_path, asked, left):
    run = make_run(tmp_path / "run", settings=("ground-truth", "static", "original"))
    words = [
        str(baseline),
        str(run),
        "--junit",
        str(tmp_path / "j.xml"),
        *(["--allow-missing", *asked] if asked else []),
    ]
    if left:
        with pytest.raises(BenchError, match=rf"\(setting {VIEW}\): .*--allow-missing {VIEW}$"):
            compare.main(words)
    else:
        assert compare.main(words) == 0
    counts, found = cases(tmp_path / "j.xml")
    allowed = 7 - left
    assert counts == (14, 0, left, allowed if "ssim" not in asked else 1) or asked == ["ssim"]
    assert found[f"gate.{VIEW}", "lpips"][0][1].startswith(f"{VIEW} was not run this time")


def test_two_runs_are_held_to_that_as_well(good, tmp_path):
    run = make_run(tmp_path / "run", metrics=WITHOUT_SSIM)
    with pytest.raises(BenchError, match="metric ssim"):
        compare.main([str(good), str(run)])
    assert compare.main([str(good), str(run), "--allow-missing", "ssim"]) == 0
    assert compare.main([str(run), str(good)]) == 0


def test_what_is_allowed_has_to_be_in_the_baseline(good, baseline):
    with pytest.raises(BenchError, match=r"--allow-missing 'sim': the baseline has no such .*did you mean ssim"):
        check.gate(good, baseline, allow_missing=["sim"])


def test_something_worse_stays_told_beside_what_is_missing(baseline, tmp_path):
    run = make_run(tmp_path / "run", shift=5, metrics=WITHOUT_SSIM)
    assert check.gate(run, baseline, allow_missing=["ssim"]) == 3
    with pytest.raises(BenchError, match="metric ssim"):
        check.gate(run, baseline, junit=tmp_path / "j.xml")
    assert cases(tmp_path / "j.xml")[0] == (10, 8, 2, 0)


def test_a_tolerance_of_what_the_baseline_has_not_is_a_mistake(good, tmp_path):
    base = tmp_path / "base.json"
    check.gate(make_run(tmp_path / "first", model="copy", metrics=WITHOUT_SSIM), base, update=True)
    with pytest.raises(
        BenchError, match=r"'ssim' would judge nothing: copy \(base\.json\) has no ssim .*--update-baseline"
    ):
        check.gate(good, base, tolerances=["ssim:-0.01"], junit=tmp_path / "j.xml")
    counts, found = cases(tmp_path / "j.xml")
    assert counts == (1, 0, 1, 0)
    assert "'ssim' would judge nothing" in found["gate", "comparison"][0][1]
    with pytest.raises(BenchError, match="would judge nothing"):
        compare.main([str(tmp_path / "first"), str(good), "--tolerance", "ssim:-0.01"])
    assert check.gate(good, base, tolerances=["psnr:-0.01"]) == 0


def test_a_tolerance_that_the_baseline_keeps_for_nothing_is_a_mistake(good, baseline):
    text = baseline.read_text("utf-8").replace('"tolerances": {}', '"tolerances": {"psrn": "-0.1"}')
    assert "psrn" in text
    baseline.write_text(text, "utf-8")
    with pytest.raises(BenchError, match=r"'psrn' would judge nothing: .*did you mean psnr\?.*: correct it there$"):
        check.gate(good, baseline)


def test_an_updated_baseline_keeps_no_tolerance_of_nothing(good, baseline, tmp_path, capsys):
    check.gate(good, baseline, tolerances=["ssim:-0.01", "psnr:-0.2"], update=True)
    drop = {(clip, "original", "lse_c"): ("skipped", "no speech") for clip in CLIPS}
    fewer = make_run(tmp_path / "fewer", metrics=WITHOUT_SSIM, drop=drop)
    capsys.readouterr()
    assert check.gate(fewer, baseline, update=True) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["not in it, since no clip has a value: lse_c under original"]
    assert baselines.read(baseline).tolerances == {"psnr": "-0.2"}
    with pytest.raises(BenchError, match="'lse_c@original' would judge nothing"):
        check.gate(fewer, baseline, tolerances=["lse_c@original:-0.2"], update=True)


def with_weights(**weights):
    rules = tuple(
        MetricDefinition(id=m.id, version=m.version, definition=m.definition, weights=weights.get(m.id, {}))
        for m in METRICS.values()
    )
    return {"metrics": rules}


def test_weights_that_are_missing_are_the_cause(tmp_path):
    known = with_weights(lse_c={"syncnet": "a" * 64}, lpips={"lpips_alex": "b" * 64})
    gone = {(clip, setting, "lse_c"): ("skipped", "weights missing") for clip in CLIPS for setting in SETTINGS}
    first = make_run(tmp_path / "first", model="copy", protocol=known)
    other = make_run(tmp_path / "other", model="copy", protocol=with_weights(lpips={"lpips_alex": "b" * 64}), drop=gone)
    base = tmp_path / "base.json"
    check.gate(first, base, update=True)
    with pytest.raises(BenchError) as error:
        check.gate(other, base, junit=tmp_path / "j.xml")
    assert str(error.value) == (
        "copy (base.json) and copy (other) cannot be compared, since weights were missing: copy (other) lacked the weights "
        "syncnet (lse_c): run 'python benchmark.py weights fetch syncnet', or name them with --weights, and run again, "
        "or make a new baseline with --update-baseline where it is the one that lacked them"
    )
    assert cases(tmp_path / "j.xml")[1]["gate", "comparison"] == [("error", str(error.value))]
    with pytest.raises(BenchError, match=r"missing: copy \(other\) lacked the weights syncnet"):
        compare.main([str(other), str(first)])
    assert check.gate(other, base, allow_missing=["lse_c"]) == 0  # that CI has no SyncNet was said
    with pytest.raises(BenchError, match=r"different protocols: metric\.lpips"):
        again = with_weights(lse_c={"syncnet": "a" * 64}, lpips={"lpips_alex": "c" * 64})
        check.gate(make_run(tmp_path / "again", protocol=again), base)


@pytest.mark.parametrize("text, expected", [(None, "is not there: write it with"), ("{", "is not a baseline")])
def test_a_baseline_that_cannot_be_read_is_in_junit_too(tmp_path, capsys, text, expected):
    base, junit = tmp_path / "base.json", tmp_path / "j.xml"
    if text is not None:
        base.write_text(text)
    assert main(["--videos", "x.mp4", "--check", str(base), "--junit", str(junit)]) == 2
    counts, found = cases(junit)
    assert counts == (1, 0, 1, 0)
    assert expected in found["gate", "comparison"][0][1]
    assert f"benchmark.py: {found['gate', 'comparison'][0][1]}\n" == capsys.readouterr().err


def test_all_of_it_is_told_before_the_first_clip(tmp_path, capsys, monkeypatch):
    film, base, junit = portrait_film(tmp_path / "one.mp4", count=3), tmp_path / "base.json", tmp_path / "j.xml"
    words = ["--videos", str(film), "--size", "64", "--video-codec", "none", "--check", str(base)]
    first = [*words, "--metrics", "psnr", "l1", "--settings", "original", "free-view:5,0,0"]
    assert main([*first, "--update-baseline", "--out", str(tmp_path / "first")]) == 0
    monkeypatch.setattr("bench.run.suite_run.run", lambda *args, **options: pytest.fail("the run began"))
    capsys.readouterr()
    later = [*words, "--junit", str(junit), "--out", str(tmp_path / "run")]
    for more, expected, counts in (
        (["--metrics", "psnr"], "metric l1; setting free-view:5,0,0", (3, 0, 3, 0)),
        (["--metrics", "psnr", "--allow-missing", "l1"], "setting free-view:5,0,0", (3, 0, 1, 2)),
        (["--metrics", "psnr", "l1", "ssim", "--tolerance", "ssim:-0.1"], "has no ssim", (1, 0, 1, 0)),
        (
            ["--metrics", "psnr", "l1", "--settings", "original", "free-view:5,0,0", "--fit", "pad"],
            "fit was",
            (1, 0, 1, 0),
        ),
    ):
        assert main([*later, *more]) == 2
        said = capsys.readouterr().err
        assert expected in said
        assert len(said.splitlines()) == 1
        assert cases(junit)[0] == counts
        junit.unlink()
    assert not (tmp_path / "run").exists()
    assert main([*later, "--metrics", "psnr", "--dry-run"]) == 2
    assert main([*first, "--update-baseline", "--allow-missing", "l1"]) == 2
    assert "leave it out with --update-baseline" in capsys.readouterr().err
