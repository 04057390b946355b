import pickle

import numpy as np
import pytest

from bench.frames import Frames
from bench.results.clip_result import ClipResult
from bench.results.manifest import ClipRecord
from bench.run.suite_run import _SuitePools
from metrics import fid, kid
from metrics.distribution import feature_sample, moments
from metrics.distribution.shared_arrays import digest, one_copy
from metrics.metric import ClipFacts
from metrics.scorer.clip_scorer import ClipScorer
from tests.metrics.pictures import scene
from tests.metrics.stub import resources

D = 8
BATCH, COUNT = 8, 44


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
    facts = {row: ClipFacts(id=name) for row in ("one", "two", "early", "viewed")}
    scorer = ClipScorer([fid.FID, kid.KID], facts, resources(), views=["viewed"])
    reference, view, *rows = (scene(COUNT, 16, 4 * D, seed=10 * seed + number) for number in range(6))
    for start in range(0, COUNT, BATCH):
        part = slice(start, start + BATCH)
        preds = {row: Frames.of(pixels[part]) for row, pixels in zip(facts, rows, strict=True)}
        if start + BATCH >= COUNT:
            preds["early"] = preds["early"].head(2)
        scorer.update(Frames.of(reference[part]), preds, {"viewed": Frames.of(view[part])})
    return scorer.pools()


def suite_pools():
    """Two clips, as they come from other processes."""
    pools = _SuitePools()
    for index in range(2):
        record = ClipRecord(id=str(index), path="", status="done")
        result = ClipResult(record, {}, pools=clip_pools(str(index), index))
        pools.take(index, pickle.loads(pickle.dumps(result)))
    return pools.merged


def kept(pools, row, metric):
    ref = pools[row][metric].ref
    return ref.rows if isinstance(ref, feature_sample.Sample) else ref.folded_factor


@pytest.mark.parametrize("made", [lambda: clip_pools("clip", 1), suite_pools], ids=["clip", "suite"])
@pytest.mark.parametrize("metric", ["fid", "kid"])
def test_rows_that_see_the_same_frames_keep_one_reference_and_no_number_changes(monkeypatch, made, metric):
    shared = made()
    for module in (moments, feature_sample):
        monkeypatch.setattr(module, "one_copy", lambda key, make: make())
    apart = made()
    assert kept(shared, "one", metric) is kept(shared, "two", metric) is kept(shared, "viewed", metric)
    assert kept(apart, "one", metric) is not kept(apart, "two", metric)
    for other in (kept(shared, "early", metric), kept(shared, "viewed", f"{metric}_true_view")):
        assert other is not kept(shared, "one", metric)
    for row, by_metric in shared.items():
        for name, pool in by_metric.items():
            outcome, expected = pool.outcome(), apart[row][name].outcome()
            assert outcome.status == expected.status == "value"
            assert (outcome.value, outcome.n, outcome.details) == (expected.value, expected.n, expected.details)


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
