import csv
import os
import pickle

import numpy as np
import pytest

from bench.outcome import Outcome
from bench.results.clip_parts import Parts
from bench.results.clip_result import ClipResult
from bench.results.clip_tables import clip_rows, detail_rows, frame_table
from bench.results.join import Layout, join, merged_record
from bench.results.manifest import ClipRecord
from bench.results.protocol import Protocol
from bench.results.run_folder import CLIP_COLUMNS, read_clips, read_frames
from metrics.distribution.feature_sample import Sample
from metrics.distribution.moments import Moments
from metrics.fid import FIDPool
from metrics.kid import KIDPool

KINDS = {"fid": FIDPool, "kid": KIDPool}
ROWS, METRICS = ("static", "free-view:30,10,0"), ("psnr", "lse_c", "niqe", "fid", "kid")
LAYOUT = Layout(ROWS, METRICS, Protocol(suite="toy", suite_version=1, clip_set="0"))
D = 16


def written(path):
    """The rows of a CSV file below its names."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def features(count, seed):
    return np.random.default_rng(seed).normal(size=(count, D)).astype(np.float32)


def gathered(rows):
    """FID's and KID's state of rows that come seven at a time."""
    moments, sample = Moments(D), Sample(200, np.empty((0, D), np.float32))
    for part in np.split(rows, range(7, len(rows), 7)):
        moments.add(part)
        sample.add(part, np.arange(sample.offered, sample.offered + len(part), dtype=np.uint64))
    return moments, sample


def whole_result(name, seed, count=12):
    """Of two rows that are compared with one reference, with all that a result may hold."""
    ref = gathered(features(count, seed))
    pools = {}
    for number, row in enumerate(("static", "free-view:30,10,0")):
        pred = gathered(features(count, seed + 1 + number))
        pools[row] = {"fid": FIDPool(pred[0], ref[0]), "kid": KIDPool(pred[1], ref[1])}
    psnr = Outcome("value", value=0.1 + 0.2, n=3, infinite=1, per_frame=np.array([np.inf, 1 / 3, 2e-301]))
    lse = Outcome("value", value=1 / 7, n=2, details={"offset": 1 / 3}, curves={"yaw": np.array([1 / 3, np.nan])})
    outcomes = {row: {"psnr": psnr, "lse_c": lse, "niqe": Outcome.skipped("small")} for row in pools}
    for row, by_metric in pools.items():
        outcomes[row] |= {metric: pool.outcome() for metric, pool in by_metric.items()}
    record = ClipRecord(id=name, path=f"{name}.mp4", status="done", frames=3, fps=30000 / 1001, digest="d" * 64)
    measured = {"static": {"model_yaw": np.array([0.1, 0.2, 0.3])}}
    return ClipResult(record, outcomes, np.array([0, 1 / 25, 2 / 25]), measured, pools)


def bits(pools):
    return {
        (row, metric, name): (array.dtype, array.shape, array.tobytes())
        for row, by_metric in pools.items()
        for metric, pool in by_metric.items()
        for name, array in pool.to_arrays().items()
    }


@pytest.mark.parametrize("count", [2, 12, 40], ids=["few", "some", "folded"])
def test_a_part_holds_a_clips_result_to_the_last_bit(tmp_path, count):
    result = whole_result("clip", 0, count)
    Parts(tmp_path / "parts").add(pickle.loads(pickle.dumps(result)), None)
    parts = Parts(tmp_path / "parts")  # of another process, that carries on
    assert bits(parts.pools("clip", KINDS)) == bits(result.pools)
    for row, by_metric in parts.pools("clip", KINDS).items():
        for metric, pool in by_metric.items():
            found, expected = pool.outcome(), result.pools[row][metric].outcome()
            assert found.status == "value"
            assert (found.value, found.n, found.details) == (expected.value, expected.n, expected.details)
    assert join(tmp_path, ["clip"], parts, LAYOUT) == [result.record]
    assert written(tmp_path / "clips.csv") == clip_rows(result, LAYOUT.row_hash(""))
    assert written(tmp_path / "details.csv") == detail_rows(result)
    values = read_clips(tmp_path).set_index(["setting", "metric"])["value"]
    for row, outcomes in result.outcomes.items():
        for metric, outcome in outcomes.items():
            np.testing.assert_array_equal(values[(row, metric)], outcome.value)
    expected = frame_table(result).to_pandas()
    found = read_frames(tmp_path)
    for column in expected.columns:
        assert expected[column].astype(object).equals(found[column].astype(object)), column


def test_what_rows_have_in_common_is_in_the_part_once(tmp_path):
    Parts(tmp_path).add(whole_result("clip", 0, 100), None)
    one_side = 100 * D * 4 + D * (D + 1) // 2 * 8 + D * 8 + 100 * 8
    (pools,) = tmp_path.glob("*.pools")
    size = pools.stat().st_size
    assert size < 3 * one_side + 8000  # the reference, and two predictions


def test_a_clip_without_pools_has_none_even_where_an_unfinished_part_had(tmp_path):
    parts = Parts(tmp_path)
    result = whole_result("clip", 0)
    parts.add(result, None)
    for path in tmp_path.glob("*.json"):
        path.unlink()
    parts = Parts(tmp_path)
    parts.add(ClipResult(result.record, result.outcomes), None)
    assert parts.pools("clip", KINDS) == {}


@pytest.mark.parametrize("file", ["frames", "pools", "json"])
def test_a_part_counts_when_all_of_it_is_there(tmp_path, monkeypatch, file):
    """The disk is full, or the process dies, in the middle of it."""
    parts = Parts(tmp_path / "parts")
    parts.add(whole_result("first", 0), None)

    class Killed(BaseException):
        pass

    replace = os.replace

    def dying(self, target):
        if target.suffix == f".{file}":
            raise Killed
        replace(self, target)

    monkeypatch.setattr("pathlib.Path.replace", dying)
    with pytest.raises(Killed):
        parts.add(whole_result("second", 1), None)
    monkeypatch.undo()
    (tmp_path / "parts" / ".half-written.json").write_text('{"record": {')
    for known in (parts, Parts(tmp_path / "parts")):
        assert [record.id for record in join(tmp_path, ["second", "first"], known, LAYOUT)] == ["first"]


def test_curves_stand_beside_the_values_frame_by_frame():
    values, yaw = np.array([1.0, np.nan, 3.0]), np.array([10.0, np.nan, 12.0])
    outcome = Outcome("value", value=2.0, n=2, per_frame=values, curves={"mesh_yaw": yaw})
    record = ClipRecord(id="clip", path="clip.mp4", status="done")
    rows = frame_table(ClipResult(record, {"original": {"pose_error": outcome}})).to_pandas()
    for name, expected in (("pose_error", values), ("mesh_yaw", yaw)):
        found = rows[rows["metric"] == name]
        np.testing.assert_array_equal(found["value"], expected)
        assert found["frame"].tolist() == [0, 1, 2]
        assert set(found["setting"]) == {"original"}


def test_a_warning_is_no_reason():
    outcomes = {"l1": Outcome("value", value=2.0, n=3), "psnr": Outcome.skipped("no reference")}
    record = ClipRecord(id="clip", path="clip.mp4", status="done", warnings=("rate varies", "two sound tracks"))
    rows = clip_rows(ClipResult(record, {"original": outcomes}), str.upper)
    assert CLIP_COLUMNS[-1] == "warning"
    assert rows == [
        ["clip", "original", "l1", "2.0", "value", "", "3", "0", "L1", "rate varies; two sound tracks"],
        ["clip", "original", "psnr", "", "skipped", "no reference", "0", "0", "PSNR", ""],
    ]


def test_frames_of_a_row_that_begins_late_keep_their_numbers_and_times():
    times = np.arange(5) / 25
    values = {"late": np.arange(3.0), "static": np.arange(5.0), "early": np.arange(2.0)}
    outcomes = {row: {"l1": Outcome.of_frames(found)} for row, found in values.items()}
    record = ClipRecord(id="c", path="c.mp4", status="done", late={"late": 2})
    table = frame_table(ClipResult(record, outcomes, times)).to_pandas().set_index("setting")
    for row, expected in {"late": [2, 3, 4], "static": [0, 1, 2, 3, 4], "early": [0, 1]}.items():
        assert table.loc[row, "frame"].tolist() == expected
        assert table.loc[row, "time"].tolist() == times[expected].tolist()


def test_where_rows_begin_is_known_of_all_passes():
    first, second = (ClipRecord(id="c", path="c.mp4", status="done", late=late) for late in ({"a": 1}, {"b": 2}))
    assert merged_record([first, second]).late == {"a": 1, "b": 2}
