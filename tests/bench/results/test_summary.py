import math

import numpy as np
import pandas as pd
import pytest

from bench.outcome import Outcome
from bench.results.run_folder import CLIP_COLUMNS
from bench.results.summary import summarise, to_csv

FRAMES = {
    "one": [20.0, 30.0, math.inf],
    "two": [40.0, 41.0, 42.0, 43.0],
    "still": [math.inf, math.inf],
}


def rows(frames, *, setting="original", metric="psnr"):
    """clips.csv of these frames' values, by the rule of a clip's mean: infinite frames are counted apart."""
    table = []
    for clip, values in frames.items():
        finite = [value for value in values if math.isfinite(value)]
        value = float(np.mean(finite)) if finite else math.inf
        table.append((clip, setting, metric, value, "value", "", len(values), len(values) - len(finite), "hash", ""))
    return pd.DataFrame(table, columns=CLIP_COLUMNS)


def only(clips, **options):
    (row,) = summarise(clips, **{"persons": {}, "pooled": {}, **options})
    return row


def test_both_means_leave_infinite_frames_out_and_count_them():
    row = only(rows(FRAMES))
    finite = [value for values in FRAMES.values() for value in values if math.isfinite(value)]
    assert row.frame_mean == pytest.approx(np.mean(finite), rel=1e-12)
    assert row.frames == len(finite) == 6
    assert row.mean == pytest.approx((25.0 + 41.5) / 2, rel=1e-12)
    assert (row.n, row.infinite) == (2, 1)
    assert row.infinite_frames == sum(math.isinf(value) for values in FRAMES.values() for value in values) == 3


def test_nothing_but_infinite_is_infinite():
    row = only(rows({"still": FRAMES["still"]}))
    assert (row.mean, row.frame_mean, row.n, row.infinite, row.frames) == (math.inf, math.inf, 0, 1, 0)


def test_what_has_no_value_is_counted_and_not_averaged():
    clips = rows(FRAMES)
    clips.loc[0, ["status", "value"]] = "failed", math.nan
    clips.loc[2, ["status", "value"]] = "skipped", math.nan
    row = only(clips)
    assert (row.n, row.failed, row.skipped, row.infinite) == (1, 1, 1, 0)
    assert row.mean == row.frame_mean == 41.5
    assert math.isnan(row.pooled)


def test_rows_keep_their_order_and_pooled_values_their_place():
    clips = pd.concat([rows(FRAMES, setting="b"), rows(FRAMES, setting="a", metric="fid")])
    found = summarise(clips, persons={}, pooled={"a": {"fid": Outcome("value", value=7.5, n=900)}})
    assert [(row.setting, row.metric, row.pooled_n) for row in found] == [("b", "psnr", 0), ("a", "fid", 900)]
    assert found[1].pooled == 7.5
    lines = to_csv(found).splitlines()
    assert lines[1].endswith(",,0,3")
    assert lines[2].endswith(",7.5,900,3")


def test_clips_of_one_person_widen_the_interval():
    """Four clips of two persons know no more than two clips of theirs do."""
    clips = rows({"a1": [10.0], "a2": [10.0], "b1": [20.0], "b2": [20.0], "c1": [30.0], "c2": [30.0]})
    apart, together = only(clips), only(clips, persons={clip: clip[0] for clip in clips["clip"]})
    assert apart.mean == together.mean == 20.0
    assert together.high - together.low > 1.2 * (apart.high - apart.low)


def test_one_clip_of_nobody_known_does_not_set_the_people_apart():
    """Clips of a person stay together in the suite's interval whatever is unknown of other clips."""
    values = np.repeat(np.random.default_rng(8).normal(30, 1, 12), 10)
    frames = {f"p{i // 10}-{i}": [value] for i, value in enumerate(values)} | {"unknown": [float(values.mean())]}
    people = {clip: clip.split("-")[0] if "-" in clip else None for clip in frames}
    apart, together = only(rows(frames)), only(rows(frames), persons=people)
    assert together.high - together.low > 2.5 * (apart.high - apart.low)
