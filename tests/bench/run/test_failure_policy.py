"""A run asks its policy after every clip."""

import pytest
from rich.console import Console

from bench.report.brief import write_brief
from bench.results.clip_result import ClipResult
from bench.results.manifest import ClipRecord
from bench.results.run_folder import read_clips, read_manifest
from bench.run.failure_limit import FailureLimit
from bench.run.failure_policy import Limited
from bench.run.plan import ModelPlan, Plan
from bench.run.suite_run import run
from bench.settings import Setting
from bench.suites.from_paths import of_videos
from tests.films import portrait_film


class StopAfter:
    def __init__(self, count):
        self.count, self.seen = count, []

    def begin(self, faulty):
        return "go on"

    def after(self, result):
        self.seen.append(result.record.id)
        return "stop" if len(self.seen) == self.count else "go on"


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    for number in range(3):
        portrait_film(folder / f"clip{number}.mp4", count=4, seed=number)
    return folder


def run_with(films, out, **options):
    plan = Plan(out, ModelPlan("copy"), (Setting(),), ("l1",), size=(64, 64), codec=None)
    return run(of_videos([str(films)]), plan, console=Console(quiet=True), at_end=write_brief, **options)


def test_a_stopped_run_keeps_what_had_ended_and_says_that_it_is_not_complete(films, tmp_path):
    policy = StopAfter(2)
    finished = run_with(films, tmp_path / "run", policy=policy)
    assert policy.seen == ["clip0", "clip1"]
    assert not finished.manifest.complete
    assert not read_manifest(tmp_path / "run").complete
    assert set(read_clips(tmp_path / "run")["clip"]) == {"clip0", "clip1"}


@pytest.mark.parametrize("count", [3, 4])
def test_a_run_whose_clips_have_all_ended_is_complete(films, tmp_path, count):
    """Whether the policy would have stopped it then or not."""
    policy = StopAfter(count)
    assert run_with(films, tmp_path / "run", policy=policy).manifest.complete
    assert policy.seen == ["clip0", "clip1", "clip2"]


def test_without_a_policy_a_run_goes_on(films, tmp_path):
    for number in range(3):
        (tmp_path / f"clip{number}.mp4").write_bytes(b"no video")
    finished = run_with(tmp_path, tmp_path / "run")
    assert finished.failures == ("clip0", "clip1", "clip2")
    assert finished.manifest.complete


def ended(name, transient=None, *, status="failed", damaged=False):
    record = ClipRecord(id=name, path=name, status=status, reason="why" * (status == "failed"), transient=transient)
    return ClipResult(record.model_copy(update={"damaged": damaged}), {})


def test_only_what_may_pass_is_tried_again_and_not_for_ever():
    policy = Limited(10, retries=2)
    assert [policy.after(ended("a", "killed")) for _ in range(3)] == ["try again", "try again", "go on"]
    assert [policy.after(ended("b", "no space")) for _ in range(2)] == ["try again"] * 2
    assert policy.after(ended("b", status="done")) == "go on"
    assert policy.after(ended("c")) == "go on"
    assert policy.faulty == 2


def test_a_limit_stops_when_it_is_exceeded_and_not_before():
    policy = Limited(10, FailureLimit.parse("20%"), retries=1)
    seen = [ended("a"), ended("b", status="done"), ended("c", status="done", damaged=True), ended("d", "timed out")]
    assert [policy.after(result) for result in seen] == ["go on", "go on", "go on", "try again"]
    assert policy.after(ended("d", "timed out")) == "stop"


def test_what_failed_in_an_earlier_session_counts():
    policy = Limited(10, FailureLimit.parse("2"))
    assert policy.begin(2) == "go on"
    assert policy.after(ended("a")) == "stop"
    assert Limited(10, FailureLimit.parse("2")).begin(3) == "stop"


def test_without_a_limit_nothing_stops():
    policy = Limited(2)
    assert [policy.after(ended(name)) for name in "ab"] == ["go on"] * 2
