import pandas as pd

from bench.results.manifest import ClipRecord
from bench.results.reasons import Place, Warned, in_order, reasons, warned

ROWS = pd.DataFrame(
    [
        ("a", "static", "psnr", "value", ""),
        ("a", "static", "lse_c", "skipped", "no speech"),
        ("a", "static", "lse_d", "skipped", "no speech"),
        ("a", "original", "psnr", "failed", "damaged"),
        ("a", "original", "lse_c", "skipped", "no speech"),
        ("b", "static", "lse_c", "failed", "no speech"),
        ("b", "static", "lse_d", "skipped", "no speech"),
    ],
    columns=["clip", "setting", "metric", "status", "reason"],
)


def test_a_reason_is_told_once_with_everything_that_it_is_said_of():
    speech, damaged, failed = reasons(ROWS)
    assert (speech.status, speech.text) == ("skipped", "no speech")
    assert speech.places == (
        Place("a", "static", ("lse_c", "lse_d"), 1),
        Place("a", "original", ("lse_c",), 4),
        Place("b", "static", ("lse_d",), 6),
    )
    assert (speech.clips, speech.metrics) == (("a", "b"), ("lse_c", "lse_d"))
    assert (damaged.status, damaged.clips, damaged.metrics) == ("failed", ("a",), ("psnr",))
    assert (failed.status, failed.text, failed.clips) == ("failed", "no speech", ("b",))


def test_every_row_without_a_value_is_in_one_place():
    found = [(p.clip, p.setting, m, r.status, r.text) for r in reasons(ROWS) for p in r.places for m in p.metrics]
    assert sorted(found) == sorted(ROWS[ROWS["status"] != "value"].itertuples(index=False, name=None))


def test_reasons_of_some_metrics():
    assert [(reason.text, reason.clips) for reason in reasons(ROWS, metrics=["psnr"])] == [("damaged", ("a",))]
    assert reasons(ROWS, metrics=[]) == ()


def test_places_come_in_the_order_of_the_file():
    assert [(place.line, reason.text) for place, reason in in_order(reasons(ROWS))] == [
        (1, "no speech"), (3, "damaged"), (4, "no speech"), (5, "no speech"), (6, "no speech"),
    ]  # fmt: skip


def test_a_warning_is_told_once_with_its_clips():
    records = [
        ClipRecord(id=name, path=name, status="done", warnings=found)
        for name, found in (("a", ("rate", "sound")), ("b", ()), ("c", ("sound",)))
    ]
    assert warned(records) == (Warned("rate", ("a",)), Warned("sound", ("a", "c")))
