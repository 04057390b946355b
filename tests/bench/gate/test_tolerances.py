import pytest

from bench.errors import BenchError
from bench.gate.tolerances import Tolerance, Tolerances
from bench.results.manifest import MetricRecord
from bench.rows import Row

DIRECTIONS = {"psnr": "higher", "lpips": "lower", "av_offset": "none", "fid": "lower"}
SETTINGS = ("ground-truth", "original", "free-view:30,10,0")


def record(name):
    plain = name.removesuffix("_true_view")
    return MetricRecord(
        id=name,
        label=name,
        version=1,
        direction=DIRECTIONS[plain],
        unit="",
        definition="",
        source="",
        against="driving" if plain == name else "true-view",
    )


@pytest.mark.parametrize(
    ("entry", "metric", "setting", "expected"),
    [
        ("psnr:-0.1", "psnr", "original", Tolerance(0.1)),
        ("psnr:0.1", "psnr", "original", Tolerance(0.1)),
        ("lpips:+2%", "lpips", "original", Tolerance(2, percent=True)),
        ("lpips:.5", "lpips", "original", Tolerance(0.5)),
        ("av_offset:1", "av_offset", "original", Tolerance(1)),
        ("psnr@free-view:30,10,0:-0.3", "psnr", "free-view:30,10,0", Tolerance(0.3)),
    ],
)
def test_grammar(entry, metric, setting, expected):
    assert Tolerances.parse([entry], DIRECTIONS, settings=SETTINGS).of(record(metric), Row.parse(setting)) == expected


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("psnr:+0.1", "harmful way has '-'"),
        ("lpips:-2%", "harmful way has '\\+'"),
        ("av_offset:-1", "either way is harmful"),
        ("psnr", "not understood: write METRIC"),
        ("psnr:-x", "not understood"),
        ("pnsr:-1", "no metric 'pnsr' in this run: it has psnr"),
        ("psnr@nope:-1", "no setting 'nope' here: there are ground-truth, original, free-view:30,10,0$"),
        ("psnr@orignal:-1", r"did you mean 'original'\? there are ground-truth, original"),
        ("psnr@free-view:30.0,10,0:-1", r"did you mean 'free-view:30,10,0'\?"),
    ],
)
def test_mistakes_are_said(entry, message):
    with pytest.raises(BenchError, match=message):
        Tolerances.parse([entry], DIRECTIONS, settings=SETTINGS)


def test_a_setting_is_narrower_than_its_metric():
    found = Tolerances.parse(["psnr:-0.1", "psnr@original:-0.5"], DIRECTIONS, settings=SETTINGS)
    assert found.of(record("psnr"), Row.parse("original")) == Tolerance(0.5)
    assert found.of(record("psnr"), Row.parse("free-view:30,10,0")) == Tolerance(0.1)


def test_what_is_not_named_has_a_default():
    assert Tolerances().of(record("psnr"), Row.parse("original")) == Tolerance(0.1)
    assert Tolerances().of(record("psnr_true_view"), Row.parse("original")) == Tolerance(0.1)
    assert Tolerances().of(record("fid"), Row.parse("original")) == Tolerance(2, percent=True)


def test_entries_survive_a_baseline():
    entries = Tolerances.parse(["psnr:0.1", "lpips:+2%"], DIRECTIONS, settings=SETTINGS).entries
    assert entries == {"psnr": "-0.1", "lpips": "+2%"}
    assert Tolerances(entries).of(record("lpips"), Row.parse("original")) == Tolerance(2, percent=True)


def test_per_cent_of_the_old_mean():
    assert Tolerance(2, percent=True).limit(-50.0) == 1.0
    assert Tolerance(0.1).limit(50.0) == 0.1
