"""Where memory runs out, a clip is tried again with half the frames at a time, and comes to the same numbers."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

import metrics.l1
from bench.clips import Clip
from bench.run.clip_task import ClipTask
from bench.run.engines.worker import Worker
from bench.run.plan import ModelPlan, Plan
from bench.settings import Setting
from model.copy import Copy
from model.origin import ModelOrigin
from tests.films import portrait_film

COUNT = 10


@dataclass(frozen=True, slots=True)
class Greedy(Copy):
    """Negatives of the frames, as many at a time as memory is there for."""

    limit: int = 0

    def open(self, driving, settings):
        return Session(self.limit, settings)


class Session:
    def __init__(self, limit, settings):
        self.limit, self.settings = limit, settings

    def step(self, driving):
        if len(driving) > self.limit:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return dict.fromkeys(self.settings, 255 - driving)

    def close(self):
        return {}


@dataclass(frozen=True, slots=True)
class GreedyPlan(ModelPlan):
    limit: int = COUNT

    def load(self, device):
        return ModelOrigin(Greedy(limit=self.limit))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return Clip("clip", portrait_film(tmp_path_factory.mktemp("film") / "film.mp4", count=COUNT))


def worker(tmp_path, *, limit=COUNT, batch=8):
    model = GreedyPlan("greedy", limit=limit)
    return Worker.of(Plan(tmp_path, model, (Setting(),), ("l1", "psnr"), size=(64, 64), batch=batch, codec=None))


def run(made, clip, on_frames=lambda count: None):
    return made.run(ClipTask.whole(clip, made.plan), on_frames)


def numbers(result):
    return {
        (row, metric): (outcome.status, outcome.value, outcome.n, outcome.per_frame.tolist())
        for row, by_metric in result.outcomes.items()
        for metric, outcome in by_metric.items()
    }


@pytest.fixture(scope="module")
def plenty(clip, tmp_path_factory):
    return run(worker(tmp_path_factory.mktemp("plenty")), clip)


def test_the_batch_is_halved_until_the_clip_fits_and_numbers_are_the_same(clip, plenty, tmp_path):
    frames = []
    made = worker(tmp_path, limit=3)
    result = run(made, clip, frames.append)
    assert numbers(result) == numbers(plenty)
    assert (result.record.status, result.record.transient, result.failure) == ("done", None, "")
    tries = result.record.attempts
    assert [(tried.number, tried.batch, tried.transient) for tried in tries] == [
        (1, 8, "out of memory"),
        (2, 4, "out of memory"),
        (3, 2, None),
    ]
    assert tries[0].reason.startswith("clip 'clip': the model failed with OutOfMemoryError: CUDA out of memory.")
    assert (tries[2].reason, tries[0].worker) == ("", tries[2].worker)
    assert all(tried.seconds > 0 for tried in tries)
    assert sum(frames) == COUNT
    assert [tried.batch for tried in run(made, replace(clip, id="next")).record.attempts] == [2]


def test_a_metric_that_runs_out_halves_the_batch_too(clip, plenty, tmp_path, monkeypatch):
    plain = metrics.l1.l1

    def limited(pred, ref):
        if len(pred) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return plain(pred, ref)

    monkeypatch.setattr(metrics.l1, "l1", limited)
    result = run(worker(tmp_path), clip)
    assert numbers(result) == numbers(plenty)
    assert [tried.batch for tried in result.record.attempts] == [8, 4, 2]
    assert "l1 failed with OutOfMemoryError: CUDA out of memory." in result.record.attempts[0].reason


def test_no_memory_for_one_frame_is_a_failure_with_a_remedy(clip, plenty, tmp_path):
    """Of the model's rows; what it has no part in keeps its values."""
    result = run(worker(tmp_path, limit=0, batch=2), clip)
    assert [tried.batch for tried in result.record.attempts] == [2, 1]
    assert result.record.transient == "out of memory"
    assert result.failure.endswith(": free memory, lower --size, or use another --device")
    found, expected = result.outcomes, plenty.outcomes
    assert {outcome.status for outcome in found["original"].values()} == {"failed"}
    for row in ("ground-truth", "static"):
        for metric, outcome in expected[row].items():
            np.testing.assert_array_equal(found[row][metric].per_frame, outcome.per_frame)
