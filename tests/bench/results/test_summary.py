import math
from dataclasses import replace

import numpy as np
import pytest

from bench.outcome import Outcome
from bench.results.clip_result import ClipResult
from bench.results.manifest import ClipRecord
from bench.results.summary import Tally, to_csv

FRAMES = {
    "one": [20.0, 30.0, math.inf],
    "two": [40.0, 41.0, 42.0, 43.0],
    "still": [math.inf, math.inf],
}


def rows(frames, *, setting="original", metric="psnr", persons=None):
    """What clips of these frames' values give, by the rule of a clip's mean: infinite frames are counted apart."""
    found = []
    for clip, values in frames.items():
        finite = [value for value in values if math.isfinite(value)]
        value = float(np.mean(finite)) if finite else math.inf
        outcome = Outcome("value", value=value, n=len(values), infinite=len(values) - len(finite))
        record = ClipRecord(id=clip, path="", status="done", person=(persons or {}).get(clip))
        found.append(ClipResult(record, {setting: {metric: outcome}}))
    return found


def summarised(clips, pooled=None):
    tally = Tally()
    for clip in clips:
        tally.add(clip)
    return tally.rows(pooled or {})


def only(clips):
    (row,) = summarised(clips)
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
    for place, outcome in ((0, Outcome.failed("broken")), (2, Outcome.skipped("small"))):
        clips[place] = replace(clips[place], outcomes={"original": {"psnr": outcome}})
    row = only(clips)
    assert (row.n, row.failed, row.skipped, row.infinite) == (1, 1, 1, 0)
    assert row.mean == row.frame_mean == 41.5
    assert math.isnan(row.pooled)


def test_rows_keep_their_order_and_pooled_values_their_place():
    clips = [*rows(FRAMES, setting="b"), *rows(FRAMES, setting="a", metric="fid")]
    found = summarised(clips, {"a": {"fid": Outcome("value", value=7.5, n=900)}})
    assert [(row.setting, row.metric, row.pooled_n) for row in found] == [("b", "psnr", 0), ("a", "fid", 900)]
    assert found[1].pooled == 7.5
    lines = to_csv(found).splitlines()
    assert lines[1].endswith(",,0,3")
    assert lines[2].endswith(",7.5,900,3")


def test_clips_of_one_person_widen_the_interval():
    """Four clips of two persons know no more than two clips of theirs do."""
    clips = {"a1": [10.0], "a2": [10.0], "b1": [20.0], "b2": [20.0], "c1": [30.0], "c2": [30.0]}
    apart, together = only(rows(clips)), only(rows(clips, persons={clip: clip[0] for clip in clips}))
    assert apart.mean == together.mean == 20.0
    assert together.high - together.low > 1.2 * (apart.high - apart.low)


def test_one_clip_of_nobody_known_does_not_set_the_people_apart():
    """Clips of a person stay together in the suite's interval whatever is unknown of other clips."""
    values = np.repeat(np.random.default_rng(8).normal(30, 1, 12), 10)
    frames = {f"p{i // 10}-{i}": [value] for i, value in enumerate(values)} | {"unknown": [float(values.mean())]}
    people = {clip: clip.split("-")[0] if "-" in clip else None for clip in frames}
    apart, together = only(rows(frames)), only(rows(frames, persons=people))
    assert together.high - together.low > 2.5 * (apart.high - apart.low)
