import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bench.errors import BenchError
from bench.gate import baseline as baselines
from bench.gate import check
from bench.gate.baseline import Side
from bench.gate.judge import judge
from bench.gate.tolerances import Tolerances
from bench.report.tables.cells import mean_cell
from bench.report.tables.columns import choose, columns_of
from bench.report.tables.words import Words
from bench.results.protocol import Protocol
from bench.results.run_results import load, read_run
from bench.rows import ORIGINAL
from tests.bench.report.runs import LEVEL, METRICS, make_run

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


@pytest.mark.parametrize("row", ["static", "codec-floor"])
def test_a_row_without_a_model_that_was_not_run_is_a_note(row):
    first, second = sides(clips([24, 25]), clips([24, 25]))
    first = replace(first, values={**first.values, row: {"niqe": clips([5])}})
    judgement = judge(first, second, list(METRICS.values()), Tolerances())
    assert (judgement.notes, judgement.unmeasured) == ((f"{row}: not run this time",), ())


def test_what_is_new_is_noted():
    first, second = sides(clips([24, 25]), clips([24, 25]))
    niqe = {"niqe": clips([5, 5])}
    second = replace(second, values={"original": {**second.values["original"], **niqe}, "free-view:9,0,0": niqe})
    assert judge(first, second, list(METRICS.values()), Tolerances()).notes == (
        "free-view:9,0,0: not in side, and not compared",
        "not in side, and not compared: niqe",
    )
