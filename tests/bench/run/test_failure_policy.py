"""A run asks its policy after every clip."""

import pytest
from rich.console import Console

from bench.report.brief import write_brief
from bench.results.run_folder import read_clips, read_manifest
from bench.run.plan import ModelPlan, Plan
from bench.run.suite_run import run
from bench.settings import Setting
from bench.suites.from_paths import of_videos
from tests.films import portrait_film


class StopAfter:
    def __init__(self, count):
        self.count, self.seen = count, []

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
