"""Processes that are killed, and the clips that were in them."""

import pickle
from contextlib import closing

import pytest

from bench.clips import Clip
from bench.errors import BenchError
from bench.results.clip_tables import clip_rows
from bench.run.clip_task import ClipTask
from bench.run.engines.one_process import OneProcess
from bench.run.engines.orphans import exit_code
from bench.run.engines.processes import Processes
from bench.run.plan import ModelPlan, Plan
from bench.settings import Setting
from tests.bench.run.engines.killing import KillingPlan, noted
from tests.bench.run.engines.test_orphans import alive
from tests.films import portrait_film

KILLED = "its process was killed, most likely for lack of memory: lower --batch or --size"


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return portrait_film(tmp_path_factory.mktemp("film") / "film.mp4", count=4)


def plan(folder, model):
    (folder / "notes").mkdir(exist_ok=True)
    return Plan(folder, model, (Setting(),), ("l1",), size=(64, 64), codec=None)


def through_processes(folder, film, names, *, jobs):
    chosen = plan(folder, KillingPlan("killing", notes=folder / "notes"))
    tasks = {10 + place: ClipTask.whole(Clip(name, film), chosen) for place, name in enumerate(names)}
    frames = []
    engine = Processes.begin(chosen, jobs=jobs)
    with closing(engine.run(tasks, frames.append)) as ended:
        results = dict(ended)
    assert results.keys() == tasks.keys()
    assert {place: result.record.id for place, result in results.items()} == {
        place: task.clip.id for place, task in tasks.items()
    }
    assert sum(frames) == sum(result.record.frames for result in results.values())
    return {result.record.id: result for result in results.values()}


@pytest.mark.parametrize("count, jobs", [(4, 2), pytest.param(8, 3, marks=pytest.mark.slow)])
def test_a_killer_costs_two_loads_and_no_other_clip(tmp_path, film, count, jobs):
    """One load by the process that takes the dead one's place, one by the process in which the killer runs alone."""
    names = [f"clip{number}" for number in range(count)]
    names[1] = "killer"
    results = through_processes(tmp_path, film, names, jobs=jobs)
    assert len(noted(tmp_path / "notes", "load")) <= jobs + 2
    for name, result in results.items():
        assert len(noted(tmp_path / "notes", "begun", name)) == (2 if name == "killer" else 1)
        if name != "killer":
            assert (result.record.status, result.record.frames) == ("done", 4)
    killer = results["killer"]
    assert (killer.record.status, killer.record.reason) == ("failed", f"clip 'killer': {KILLED}")
    assert {row[4] for row in clip_rows(killer, str)} == {"failed"}


@pytest.mark.slow
def test_a_clip_that_was_killed_once_has_its_values(tmp_path, film):
    """The two that run alone share a process until one kills it: two jobs, two clips killed, six loads at most."""
    names = ["killer", "unlucky", "clip2", "clip3"]
    results = through_processes(tmp_path, film, names, jobs=2)
    assert {name for name, result in results.items() if result.record.status == "failed"} == {"killer"}
    assert results["unlucky"].record.frames == 4
    assert len(noted(tmp_path / "notes", "load")) <= 2 + 2 * 2


def test_a_model_that_is_killed_while_it_is_loaded_is_one_mistake(tmp_path):
    chosen = plan(tmp_path, KillingPlan("killing", notes=tmp_path / "notes", dies_loading=True))
    with pytest.raises(BenchError, match="killed while it was loaded, most likely for lack of memory: try fewer"):
        Processes.begin(chosen, jobs=2)


@pytest.mark.slow
def test_both_engines_give_the_same_and_leave_no_process(tmp_path, film):
    chosen = plan(tmp_path, ModelPlan("static"))
    tasks = {place: ClipTask.whole(Clip(f"clip{place}", film), chosen) for place in range(3)}
    here, there = OneProcess.begin(chosen), Processes.begin(chosen, jobs=2)
    assert here.description == there.description
    processes = [process for one in there.processes for process in one.pool._processes]
    assert len(processes) == 2
    expected = dict(here.run(tasks, lambda count: None))
    found = dict(there.run(tasks, lambda count: None))
    assert list(expected) == [0, 1, 2]
    for place, result in expected.items():
        assert clip_rows(found[place], str) == clip_rows(result, str)
    assert not any(map(alive, processes))


def test_closing_ends_what_is_at_work(tmp_path, film):
    chosen = plan(tmp_path, ModelPlan("static"))
    engine = Processes.begin(chosen, jobs=1)
    (process,) = engine.processes[0].pool._processes.values()
    tasks = {place: ClipTask.whole(Clip(f"clip{place}", film), chosen) for place in range(500)}
    with closing(engine.run(tasks, lambda count: None)) as ended:
        next(ended)
    assert exit_code(process, 60) is not None


class EndToldToAnother:
    """A process that has ended, which another thread was told first: `exitcode` knows nothing for a while."""

    def __init__(self, looks):
        self.looks = looks

    @property
    def exitcode(self):
        self.looks -= 1
        return 3 if self.looks < 0 else None

    def join(self, timeout):
        """Returns at once, as the process has ended."""


def test_the_end_of_a_process_may_be_told_to_another_thread_first():
    assert exit_code(EndToldToAnother(5), 60) == 3
    assert exit_code(EndToldToAnother(10**9), 0.1) is None


def test_the_plan_of_the_killing_model_travels(tmp_path):
    """Or the tests above would test another fault."""
    chosen = plan(tmp_path, KillingPlan("killing", notes=tmp_path))
    assert pickle.loads(pickle.dumps(chosen)) == chosen
