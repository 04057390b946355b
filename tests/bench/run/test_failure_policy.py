"""A run asks its policy after every clip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bench.errors import BenchError
from bench.report.brief import write_brief
from bench.results.clip_result import ClipResult
from bench.results.manifest import ClipRecord
from bench.results.run_folder import read_clips, read_manifest
from bench.run.failure_policy import FailureLimit, Limited
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


@pytest.mark.parametrize(
    "text, clips, allowed", [("0", 9, 0), ("3", 9, 3), ("0%", 9, 0), ("10%", 200, 20), ("10%", 19, 1), ("2.5%", 40, 1)]
)
def test_the_most_that_may_fail(text, clips, allowed):
    limit = FailureLimit.parse(text)
    assert not limit.is_exceeded(allowed, clips=clips)
    assert limit.is_exceeded(allowed + 1, clips=clips)
    assert str(limit) == text


@given(st.integers(0, 1000), st.integers(1, 300), st.data())
def test_a_share_is_exceeded_when_no_success_to_come_can_help(per_mille, clips, data):
    """Exactly: with all others successful, the failed ones are a larger share than allowed."""
    failed = data.draw(st.integers(0, clips))
    limit = FailureLimit.parse(f"{per_mille // 10}.{per_mille % 10}%")
    assert limit.is_exceeded(failed, clips=clips) == (failed * 1000 > per_mille * clips)


@pytest.mark.parametrize("text", ["", "%", "-1", "1.5", "few", "101%", "100.1%", "1e2%", "1..5%", "²"])
def test_what_is_no_limit_is_told(text):
    with pytest.raises(BenchError, match="write"):
        FailureLimit.parse(text)
