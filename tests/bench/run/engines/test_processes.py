"""Processes that are killed, and the clips that were in them."""

import pickle
import time
from contextlib import closing

import pytest

from bench.clips import Clip
from bench.errors import BenchError
from bench.results.clip_tables import clip_rows
from bench.run.clip_run import failed
from bench.run.clip_task import ClipTask
from bench.run.engines import processes
from bench.run.engines.attempts import after, attempt
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


def plan(folder, model, **fields):
    (folder / "notes").mkdir(exist_ok=True)
    return Plan(folder, model, (Setting(),), ("l1",), size=(64, 64), codec=None, **fields)


def through_processes(folder, film, names, *, jobs, **fields):
    chosen = plan(folder, KillingPlan("killing", notes=folder / "notes"), **fields)
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


def test_a_clip_that_hangs_or_kills_costs_no_other(tmp_path, film, monkeypatch):
    """A load for each process that takes a dead one's place, and one for that in which the killer runs alone."""

    def wait(futures, timeout):
        """A minute has passed once the clip that hangs has begun, and none before."""
        assert timeout == 60
        (future,) = futures
        known = noted(tmp_path / "notes", "begun", "hanging")
        while not (future.done() or (not known and noted(tmp_path / "notes", "begun", "hanging"))):
            time.sleep(0.01)

    monkeypatch.setattr(processes, "wait", wait)
    names = ("clip0", "hanging", "killer", "clip3")
    results = through_processes(tmp_path, film, names, jobs=1, timeout=60.0)
    assert len(noted(tmp_path / "notes", "load")) == 4
    assert [len(noted(tmp_path / "notes", "begun", name)) for name in names] == [1, 1, 2, 1]
    assert {name: (result.record.status, result.record.frames) for name, result in results.items()} == {
        "clip0": ("done", 4),
        "hanging": ("failed", 0),
        "killer": ("failed", 0),
        "clip3": ("done", 4),
    }
    assert results["hanging"].failure == (
        "clip 'hanging': it took more than 60 s and was ended with its process (--timeout): "
        "allow more, or find out what hangs there"
    )
    assert results["killer"].failure == f"clip 'killer': {KILLED}"
    for name in ("hanging", "killer"):
        assert {row[4] for row in clip_rows(results[name], str)} == {"failed"}
    tries = {name: result.record.attempts for name, result in results.items()}
    assert [[tried.number for tried in tries[name]] for name in names] == [[1], [1], [1, 2], [1]]
    assert [[tried.transient for tried in tries[name]] for name in names] == [
        [None],
        ["timed out"],
        ["killed", "killed"],
        [None],
    ]
    workers = [tried.worker for name in names for tried in tries[name]]
    assert len(set(workers)) == 4  # clip0 and the one that hangs had the same, and each of the others its own
    assert workers[0] == workers[1]
    assert not any(alive(int(worker.rpartition(":")[2])) for worker in workers)


def test_a_later_try_of_a_clip_that_kills_is_alone_at_once(tmp_path, film, monkeypatch):
    """Without any process: a first one is killed beside the others and alone, every later one alone."""
    chosen = plan(tmp_path, ModelPlan("static"))
    seen = []

    def run(process, task):
        seen.append((task.clip.id, process.threads))
        result = failed(task, "killed", "killed")
        raise processes._Killed(after(result, [attempt(result, seconds=1.0)]))

    monkeypatch.setattr(processes._Process, "run", run)
    engine = Processes(chosen, (processes._Process(chosen, threads=-1),), {})
    tries = []
    for _ in range(2):
        ((place, result),) = engine.run({7: ClipTask.whole(Clip("killer", film), chosen)}, lambda count: None)
        tries.append((place, len(result.record.attempts)))
    assert tries == [(7, 2), (7, 1)]
    assert [threads == -1 for _, threads in seen] == [True, False, False]


@pytest.mark.slow
def test_a_killer_costs_two_loads_and_no_other_clip(tmp_path, film):
    """One load by the process that takes the dead one's place, one by the process in which the killer runs alone."""
    names = [f"clip{number}" for number in range(8)]
    names[1] = "killer"
    results = through_processes(tmp_path, film, names, jobs=3)
    assert len(noted(tmp_path / "notes", "load")) <= 3 + 2
    for name, result in results.items():
        assert len(noted(tmp_path / "notes", "begun", name)) == (2 if name == "killer" else 1)
        if name != "killer":
            assert (result.record.status, result.record.frames) == ("done", 4)
    killer = results["killer"]
    assert (killer.record.status, killer.record.reason) == ("failed", f"clip 'killer': {KILLED}")


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
    started = [process for one in there.processes for process in one.pool._processes]
    assert len(started) == 2
    expected = dict(here.run(tasks, lambda count: None))
    found = dict(there.run(tasks, lambda count: None))
    assert list(expected) == [0, 1, 2]
    for place, result in expected.items():
        assert clip_rows(found[place], str) == clip_rows(result, str)
    assert not any(map(alive, started))


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
