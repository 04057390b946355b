"""What an actor does, in this process; a machine that does not see a file is one where it has been taken away."""

import os
from dataclasses import dataclass

import numpy as np
import pytest

from bench.clips import Clip
from bench.results.clip_tables import clip_rows, frame_table
from bench.run.clip_task import ClipTask
from bench.run.engines.one_process import OneProcess
from bench.run.engines.ray_cluster.actor import Begun, ClipActor, Ended, Lacks, Refused
from bench.run.engines.ray_cluster.inputs import Input, clip_inputs
from bench.run.plan import ModelPlan, Plan
from bench.settings import Setting
from model.copy import Copy
from model.origin import ModelOrigin
from model.outside.predictions import Predictions
from tests.films import portrait_film

VIEW = Setting.parse("free-view:30,10,0")


@pytest.fixture
def actor(tmp_path, monkeypatch):
    """Makes actors whose files lie in a folder of the test's."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return lambda plan: ClipActor(plan, 1, 0)


def plan(out, model, **fields):
    chosen = {"settings": (Setting(),), "metrics": ("l1", "psnr"), "size": (64, 64), "codec": "ffv1", **fields}
    return Plan(out, model, **chosen)


def without_times(result):
    record = result.record
    tries = tuple(tried.model_copy(update={"seconds": 0.0, "worker": ""}) for tried in record.attempts)
    return record.model_copy(update={"seconds": {}, "attempts": tries})


def same(one, other):
    assert clip_rows(one, str) == clip_rows(other, str)
    assert frame_table(one).equals(frame_table(other))
    assert without_times(one) == without_times(other)


def test_a_file_is_here_by_its_content(tmp_path):
    film = tmp_path / "film.mp4"
    film.write_bytes(b"one")
    there = Input.of(film)
    assert there.is_here()
    film.write_bytes(b"two")
    assert not there.is_here()
    film.write_bytes(b"three")
    assert not there.is_here()
    film.unlink()
    assert not there.is_here()
    folder = tmp_path / "frames"
    folder.mkdir()
    (folder / "1.png").write_bytes(b"1")
    assert Input.of(folder).is_here()
    assert Input.of(folder).read() == {"1.png": b"1"}
    assert Input.of(tmp_path / "nothing").files == ()


def test_a_shipped_clip_gives_the_same_as_one_that_is_seen(tmp_path, actor):
    film = portrait_film(tmp_path / "film.mp4", count=6)
    source = portrait_film(tmp_path / "source.mp4", count=1, seed=3)
    clip = Clip("clip", film, source=source, views={VIEW: film})
    chosen = plan(tmp_path / "out", ModelPlan("copy"), settings=(Setting(), VIEW))
    task = ClipTask.whole(clip, chosen)
    ((_, expected),) = OneProcess.begin(chosen).run({0: task}, lambda count: None)
    written = {path.relative_to(chosen.out).as_posix(): path.read_bytes() for path in chosen.out.rglob("*.mkv")}
    inputs, there = clip_inputs(task, chosen), actor(chosen)
    assert [each.path for each in inputs] == [film, source]
    assert isinstance(there.begin(()), Begun)
    seen = there.run(task, inputs)
    contents = [each.read() for each in inputs]
    film.unlink()
    assert there.run(task, inputs) == Lacks(inputs[:1])
    source.unlink()
    assert there.run(task, inputs) == Lacks(inputs)
    shipped = there.run(task, inputs, *contents)
    for found in (seen, shipped):
        assert isinstance(found, Ended)
        same(found.result, expected)
        assert found.files == written
    assert len(written) == 3
    assert [path.name for path in tmp_path.glob("talking-head-*/*")] == ["tmp"]
    assert list(tmp_path.glob("talking-head-*/tmp/*")) == []


def test_shipped_predictions_give_the_same_and_are_called_by_their_own_names(tmp_path, actor):
    film = portrait_film(tmp_path / "film.mp4", count=6)
    for setting, count in ((Setting(), 6), (VIEW, 4)):
        portrait_film(tmp_path / "made" / setting.folder / "clip.mp4", count=count, seed=5)
    clip, made = Clip("clip", film), Predictions(tmp_path / "made")
    missing = Setting.parse("free-view:0,0,9")
    chosen = plan(tmp_path / "out", ModelPlan("made", predictions=made), settings=(Setting(), VIEW, missing))
    task = ClipTask.whole(clip, chosen)
    ((_, expected),) = OneProcess.begin(chosen).run({0: task}, lambda count: None)
    statuses = {row: each["l1"].status for row, each in expected.outcomes.items()}
    assert statuses["original"] == "value"
    assert statuses[str(VIEW)] == statuses[str(missing)] == "failed"
    inputs, there = clip_inputs(task, chosen), actor(chosen)
    there.begin(())
    contents = [each.read() for each in inputs]
    for each in inputs[1:]:
        each.path.unlink()
    assert there.run(task, inputs) == Lacks(inputs[1:])
    shipped = there.run(task, inputs, *contents[1:])
    same(shipped.result, expected)
    assert str(tmp_path / "made") in shipped.result.outcomes[str(missing)]["l1"].reason


def test_a_model_that_cannot_be_loaded_is_refused_and_a_checkpoint_is_asked_for(tmp_path, actor):
    checkpoint = tmp_path / "checkpoint.pth"
    checkpoint.write_bytes(b"no checkpoint")
    inputs = (Input.of(checkpoint),)
    content = inputs[0].read()
    checkpoint.unlink()
    there = actor(plan(tmp_path / "out", ModelPlan("facevid2vid", checkpoint)))
    assert there.begin(inputs) == Lacks(inputs)
    refused = there.begin(inputs, content)
    assert isinstance(refused, Refused)
    assert "checkpoint.pth" in refused.sentence


@dataclass(frozen=True, slots=True)
class Leaving(Copy):
    def open(self, driving, settings):
        os._exit(7)


class LeavingPlan(ModelPlan):
    def load(self, device):
        return ModelOrigin(Leaving())


def test_a_model_that_ends_its_process_ends_its_clip_and_no_worker(tmp_path, actor):
    chosen = plan(tmp_path / "out", LeavingPlan("leaving"))
    task = ClipTask.whole(Clip("clip", portrait_film(tmp_path / "film.mp4", count=2)), chosen)
    there = actor(chosen)
    assert isinstance(there.begin(()), Begun)
    for _ in range(2):
        outcome = there.run(task, clip_inputs(task, chosen)).result.outcomes["original"]["l1"]
        assert (outcome.status, outcome.transient) == ("failed", None)
        assert "os._exit(7)" in outcome.reason


def test_weights_are_those_that_were_shipped(tmp_path, actor):
    weights = tmp_path / "niqe.npz"
    np.savez(weights, mean=np.zeros(3))
    inputs = (Input.of(weights),)
    content, sha256 = inputs[0].read(), inputs[0].files[0][2]
    weights.unlink()
    there = actor(plan(tmp_path / "out", ModelPlan("copy"), metrics=("niqe",), weights={"niqe_live": weights}))
    assert there.begin(inputs, content).weights == {"niqe_live": sha256}
