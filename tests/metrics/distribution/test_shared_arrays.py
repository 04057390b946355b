import pickle

import numpy as np
import pytest

from bench.frames import Frames
from bench.results.clip_parts import Parts
from bench.results.clip_result import ClipResult
from bench.results.manifest import ClipRecord
from bench.rows import Row
from bench.run.suite_pools import SuitePools
from metrics import fid, kid
from metrics.distribution import feature_sample, moments
from metrics.distribution.shared_arrays import digest, one_copy
from metrics.metric import ClipFacts
from metrics.scorer.clip_scorer import ClipScorer
from metrics.scorer.true_view import true_view
from tests.metrics.pictures import scene
from tests.metrics.stub import resources

D = 8
BATCH, COUNT = 8, 44
KINDS = {metric.id: metric.pool for plain in (fid.FID, kid.KID) for metric in (plain, true_view(plain))}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Eight features, so that a few frames are more than are kept."""

    def rows(frames, resources):
        def compute(frames):
            return frames.pixels.float().mean((1, 2)).unfold(1, 4, 4).mean(2)[:, :D].numpy()

        return frames.derived("rows", compute)

    for metric in (fid, kid):
        monkeypatch.setattr(metric, "rows", rows)
        monkeypatch.setattr(metric, "DIMENSIONS", D)
    monkeypatch.setattr(kid, "CAPACITY", 16)


def clip_pools(name, seed):
    """Of two whole rows, one that ends early, and one with a true view."""
    facts = {Row(row): ClipFacts(id=name) for row in ("one", "two", "early", "viewed")}
    scorer = ClipScorer([fid.FID, kid.KID], facts, resources(), views=[Row("viewed")])
    reference, view, *rows = (scene(COUNT, 16, 4 * D, seed=10 * seed + number) for number in range(6))
    for start in range(0, COUNT, BATCH):
        part = slice(start, start + BATCH)
        preds = {row: Frames.of(pixels[part]) for row, pixels in zip(facts, rows, strict=True)}
        if start + BATCH >= COUNT:
            preds[Row("early")] = preds[Row("early")].head(2)
        scorer.update(Frames.of(reference[part]), preds, {Row("viewed"): Frames.of(view[part])})
    return {row.name: pools for row, pools in scorer.pools().items()}


def part_of(clip, folder):
    """The parts of a run with one clip more, as it comes from another process."""
    parts = Parts(folder)
    record = ClipRecord(id=str(clip), path="", status="done")
    pools = clip_pools(str(clip), clip)
    outcomes = {row: {metric: pool.outcome() for metric, pool in of.items()} for row, of in pools.items()}
    result = ClipResult(record, outcomes, pools=pools)
    parts.add(pickle.loads(pickle.dumps(result)), None)
    return parts


def suite_pools(folder):
    """Of three clips, from their parts: the last is the first to end."""
    pools = SuitePools(lambda clip: Parts(folder).pools(str(clip), KINDS))
    for clip in (2, 0, 1):
        part_of(clip, folder)
        pools.take(clip)
    return pools.merged


def kept(pools, row, metric):
    ref = pools[row][metric].ref
    return ref.rows if isinstance(ref, feature_sample.Sample) else ref.folded_factor


@pytest.mark.parametrize("made", [lambda folder: clip_pools("clip", 1), suite_pools], ids=["clip", "suite"])
@pytest.mark.parametrize("metric", ["fid", "kid"])
def test_rows_that_see_the_same_frames_keep_one_reference_and_no_number_changes(tmp_path, monkeypatch, made, metric):
    shared = made(tmp_path / "shared")
    for module in (moments, feature_sample):
        monkeypatch.setattr(module, "one_copy", lambda key, make: make())
    apart = made(tmp_path / "apart")
    assert kept(shared, "one", metric) is kept(shared, "two", metric) is kept(shared, "viewed", metric)
    assert kept(apart, "one", metric) is not kept(apart, "two", metric)
    for other in (kept(shared, "early", metric), kept(shared, "viewed", f"{metric}_true_view")):
        assert other is not kept(shared, "one", metric)
    for row, by_metric in shared.items():
        for name, pool in by_metric.items():
            outcome, expected = pool.outcome(), apart[row][name].outcome()
            assert outcome.status == expected.status == "value"
            assert (outcome.value, outcome.n, outcome.details) == (expected.value, expected.n, expected.details)


@pytest.mark.parametrize("metric", ["fid", "kid"])
def test_a_part_gives_back_what_is_shared_as_shared(tmp_path, metric):
    pools = part_of(0, tmp_path).pools("0", KINDS)
    assert kept(pools, "one", metric) is kept(pools, "two", metric) is kept(pools, "viewed", metric)
    for other in (kept(pools, "early", metric), kept(pools, "viewed", f"{metric}_true_view")):
        assert other is not kept(pools, "one", metric)


def state(pools):
    return {
        (row, metric, name): (array.dtype, array.shape, array.tobytes())
        for row, by_metric in pools.items()
        for metric, pool in by_metric.items()
        for name, array in pool.to_arrays().items()
    }


def test_the_suites_pools_are_those_of_clips_merged_in_order_in_memory(tmp_path):
    """To the last bit, though the parts came in another order and went through files."""
    expected = clip_pools("0", 0)
    for clip in (1, 2):
        for row, by_metric in clip_pools(str(clip), clip).items():
            for metric, pool in by_metric.items():
                expected[row][metric].merge(pool)
    found = suite_pools(tmp_path)
    assert state(found) == state(expected)
    for row, by_metric in found.items():
        for metric, pool in by_metric.items():
            assert pool.outcome().value == expected[row][metric].outcome().value


def test_an_interrupted_suite_merges_what_has_ended_in_order(tmp_path):
    pools, gaps = (SuitePools(lambda clip: Parts(tmp_path).pools(str(clip), KINDS)) for _ in range(2))
    for clip in (4, 1):
        part_of(clip, tmp_path)
        gaps.take(clip)
    assert gaps.merged == {}
    pools.following = 1
    for clip in (1, 4):
        pools.take(clip)
    ended, expected = gaps.outcomes(), pools.outcomes()
    assert {row: set(by_metric) for row, by_metric in ended.items()} == {
        row: set(by_metric) for row, by_metric in clip_pools("1", 1).items()
    }
    for row, by_metric in ended.items():
        for metric, outcome in by_metric.items():
            assert (outcome.status, outcome.value) == ("value", expected[row][metric].value)


def test_nothing_is_kept_that_nobody_keeps():
    made = []
    for _ in range(2):
        one_copy(b"key", lambda: made.append(1) or np.zeros(3))
    assert made == [1, 1]


def test_a_digest_tells_shapes_types_and_order_apart():
    zeros = [np.zeros(4, np.float32), np.zeros((2, 2), np.float32), np.zeros(2)]
    keys = [digest(b"", zero) for zero in zeros]
    keys += [digest(b"", zeros[0], zeros[1]), digest(b"", zeros[1], zeros[0]), digest(b"before", zeros[0])]
    assert len(set(keys)) == len(keys)
    assert digest(b"", np.zeros((4, 2))[::2]) == digest(b"", np.zeros((2, 2)))
