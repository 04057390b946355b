"""What failed for what may pass is tried again, and of it only what failed: the tables come out as if nothing had been."""

import errno
import json
from dataclasses import dataclass, field

import pytest

from bench.results.run_folder import read_clips, read_manifest
from bench.run.engines import worker
from bench.run.failure_policy import FailureLimit, GoOn, Limited
from model.copy import Copy
from model.origin import ModelOrigin
from tests.bench.run.resuming import CountingPlan, plan, run_of, tables
from tests.films import portrait_film

FULL = OSError(errno.ENOSPC, "No space left on device")


@dataclass(frozen=True, slots=True)
class Faulty(Copy):
    """The model `copy`, which raises what is left in `faults` when it is given the clip `bad`."""

    faults: list = field(default_factory=list)
    seen: list = field(default_factory=list)

    def open(self, driving, settings):
        self.seen.append(driving.id)
        if driving.id == "bad" and self.faults:
            raise self.faults.pop(0)
        return Copy.open(self, driving, settings)


@dataclass(frozen=True, slots=True)
class FaultyPlan(CountingPlan):
    model: Faulty = field(default_factory=Faulty)

    def load(self, device):
        return ModelOrigin(self.model)


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    for number, name in enumerate(("a", "bad", "c")):
        portrait_film(folder / f"{name}.mp4", count=4, seed=number)
    return folder


@pytest.fixture(scope="module")
def undisturbed(films, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "undisturbed"
    run_of(films, faulty(out)[0])
    return tables(out)


def faulty(out, *faults):
    """A plan, and which clips its model will have been given."""
    model = Faulty(faults=list(faults))
    return plan(out, model=FaultyPlan("copy", model=model)), model.seen


def bad(out):
    (record,) = (clip for clip in read_manifest(out).clips if clip.id == "bad")
    return record


def tries(out):
    return [(tried.number, tried.transient) for tried in bad(out).attempts]


def test_of_a_clip_that_is_tried_again_only_what_failed_is_done(films, tmp_path, undisturbed, monkeypatch):
    honest, asked = worker.run_clip, []
    monkeypatch.setattr(
        worker, "run_clip", lambda task, *a, **o: asked.append((task.clip.id, *task.units)) or honest(task, *a, **o)
    )
    chosen, seen = faulty(tmp_path / "run", FULL)
    finished = run_of(films, chosen, policy=Limited(3, retries=2))
    assert seen == ["a", "bad", "c", "bad"]
    assert asked[1:] == [
        ("bad", "ground-truth", "static", "original"),
        ("c", "ground-truth", "static", "original"),
        ("bad", "original"),
    ]
    assert tables(tmp_path / "run") == undisturbed
    assert finished.manifest.complete
    assert tries(tmp_path / "run") == [(1, "no space"), (2, None)]
    first, second = bad(tmp_path / "run").attempts
    assert first.reason == (
        "clip 'bad': the model failed with OSError: [Errno 28] No space left on device: free some space"
    )
    assert (second.reason, second.worker) == ("", first.worker)
    assert min(first.seconds, second.seconds) > 0
    assert bad(tmp_path / "run").transient is None
    stored = json.loads((tmp_path / "run" / "run.json").read_text())["clips"]
    assert [len(clip["attempts"]) for clip in stored] == [1, 2, 1]


def test_a_clips_own_fault_is_never_tried_again(films, tmp_path):
    chosen, seen = faulty(tmp_path / "run", RuntimeError("the file speaks of no space and of being killed"))
    finished = run_of(films, chosen, policy=Limited(3, retries=5))
    assert seen == ["a", "bad", "c"]
    assert finished.failures == ("bad",)
    assert tries(tmp_path / "run") == [(1, None)]


def test_when_the_tries_are_used_up_it_has_failed_until_the_run_is_resumed(films, tmp_path, undisturbed):
    chosen, seen = faulty(tmp_path / "run", FULL, FULL)
    finished = run_of(films, chosen, policy=Limited(3, retries=1))
    assert (finished.failures, finished.manifest.complete) == (("bad",), True)
    assert bad(tmp_path / "run").transient == "no space"
    seen.clear()
    finished = run_of(films, chosen, resume=True)
    assert (seen, finished.failures) == (["bad"], ())
    assert tables(tmp_path / "run") == undisturbed
    assert tries(tmp_path / "run") == [(1, "no space"), (2, "no space"), (3, None)]


def test_all_that_failed_is_done_again_where_that_is_asked_for_and_nothing_else(films, tmp_path, undisturbed):
    chosen, seen = faulty(tmp_path / "run", RuntimeError("a bug"))
    run_of(films, chosen)
    for options, expected in (({}, []), ({"retry_failed": True}, ["bad"]), ({"retry_failed": True}, [])):
        seen.clear()
        finished = run_of(films, chosen, resume=True, **options)
        assert seen == expected
    assert finished.failures == ()
    assert tables(tmp_path / "run") == undisturbed
    assert tries(tmp_path / "run") == [(1, None), (2, None)]


def test_what_waits_to_be_tried_again_when_the_run_is_interrupted_is_told_and_resumed(films, tmp_path, undisturbed):
    chosen, seen = faulty(tmp_path / "run", FULL, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run_of(films, chosen, policy=Limited(3, retries=2))
    assert seen == ["a", "bad", "c", "bad"]
    assert not read_manifest(tmp_path / "run").complete
    rows = read_clips(tmp_path / "run")
    assert set(rows["clip"]) == {"a", "bad", "c"}
    assert set(rows[(rows["clip"] == "bad") & (rows["setting"] == "original")]["status"]) == {"failed"}
    seen.clear()
    assert run_of(films, chosen, resume=True).manifest.complete
    assert seen == ["bad"]
    assert tables(tmp_path / "run") == undisturbed


def test_a_run_with_too_many_failures_does_not_go_on(films, tmp_path):
    """As long as it is not said to try them again."""
    chosen, seen = faulty(tmp_path / "run", RuntimeError("a bug"))
    run_of([films / "a.mp4", films / "bad.mp4"], chosen)
    seen.clear()
    limit = {"resume": True, "policy": Limited(3, FailureLimit())}
    assert not run_of(films, chosen, **limit).manifest.complete
    assert seen == []
    assert run_of(films, chosen, retry_failed=True, **limit).manifest.complete
    assert seen == ["bad", "c"]


def test_a_run_that_is_stopped_tries_nothing_more(films, tmp_path):
    class Stops(GoOn):
        def after(self, result):
            return {"a": "go on", "bad": "try again", "c": "stop"}[result.record.id]

    chosen, seen = faulty(tmp_path / "run", FULL)
    assert not run_of(films, chosen, policy=Stops()).manifest.complete
    assert seen == ["a", "bad", "c"]
