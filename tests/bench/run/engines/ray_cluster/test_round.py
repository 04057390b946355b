"""Who runs what, and what is done about losses; the workers are made up, so that they die when they are told to."""

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.clips import Clip
from bench.errors import BenchError
from bench.results.clip_result import ClipResult
from bench.results.manifest import ClipRecord
from bench.run.clip_task import ClipTask
from bench.run.engines.ray_cluster import actor, round
from bench.run.engines.ray_cluster.actor import Place
from bench.run.engines.ray_cluster.connection import Machine
from bench.run.engines.ray_cluster.round import KILLS, LOADS, LOSSES, Round
from bench.run.engines.ray_cluster.seats import Seat
from bench.run.engines.ray_cluster.shares import Share
from bench.run.plan import ModelPlan, Plan

PLAN = Plan(Path("out"), ModelPlan("static"), (), ())
BEGUN = actor.Begun({}, actor.versions(), {})
KILLED = "its process was killed, most likely for lack of memory: lower --batch or --size"


class Workers:
    """Stands in for `Seats`: every worker answers in turn; `fate` says how a clip's tries end before it is done."""

    def __init__(self, count, fate, *, loading=(), machines=2):
        self.share = Share(1, 0, count)
        self.fate = {name: list(ends) for name, ends in fate.items()}
        self.loading = list(loading)
        self.machines = [Machine(str(number), f"host{number}", 1, 1, 0) for number in range(machines)]
        self.seats, self.log, self.started, self.at_work = [], [], 0, {}
        self.start(count)

    def start(self, count):
        for _ in range(count):
            machine = self.machines[self.started % len(self.machines)]
            place = Place(machine.id, f"{machine.host}:{self.started}", Path("folder"))
            seat = Seat(None, answer="loading", machine=machine, place=place)
            self.started += 1
            self.seats.append(seat)

    @property
    def idle(self):
        return [seat for seat in self.seats if seat.ready and seat.answer is None]

    def run(self, seat, task, inputs):
        clip = seat.answer = task.clip
        seat.since = time.monotonic()
        self.log.append((clip.id, [other.answer.id for other in self.seats if isinstance(other.answer, Clip)]))

    def drop(self, seat):
        self.seats.remove(seat)

    end_one = drop

    def answers(self, timeout):
        seat = next((seat for seat in self.seats if seat.answer is not None), None)
        if seat is None:
            return
        if seat.answer == "loading":
            said = self.loading.pop(0) if self.loading else BEGUN
        else:
            fate = self.fate.get(seat.answer.id, [])
            said = fate.pop(0) if fate else ended(seat.answer)
            if said == "hangs":
                self.seats.sort(key=lambda other: other is seat)
                return
        seat.answer, seat.ready = None, seat.ready or isinstance(said, actor.Begun)
        if isinstance(said, str | actor.Refused):
            self.drop(seat)
        self.seats.sort(key=lambda other: other is seat)  # whose turn is last now
        yield seat, said


def ended(clip):
    return actor.Ended(ClipResult(ClipRecord(id=clip.id, path=str(clip.path), status="done"), {}), {})


def through(workers, names, monkeypatch, costs=None, plan=PLAN, killers=()):
    monkeypatch.setattr(round, "cost", lambda clip, plan, rows: (costs or {}).get(clip.id, 1.0))
    tasks = {
        10 + place: ClipTask.whole(Clip(name, Path(f"/nowhere/{name}.mp4")), PLAN) for place, name in enumerate(names)
    }
    found = dict(Round(plan, workers, tasks, killers=set(killers)).results())
    assert {place: result.record.id for place, result in found.items()} == {p: t.clip.id for p, t in tasks.items()}
    return {result.record.id: result.record for result in found.values()}


def test_the_longest_begin_first(monkeypatch):
    workers = Workers(1, {})
    through(workers, "abcd", monkeypatch, costs={"a": 2.0, "b": 5.0, "c": 5.0, "d": 9.0})
    assert [clip for clip, _ in workers.log] == ["d", "b", "c", "a"]


def test_a_lost_machine_costs_a_clip_nothing_but_time(monkeypatch):
    workers = Workers(2, {"b": ["lost node"] * (LOSSES - 1)})
    assert {record.status for record in through(workers, "abcdef", monkeypatch).values()} == {"done"}
    assert workers.started == 2 + LOSSES - 1
    workers = Workers(2, {"b": ["lost node"] * LOSSES})
    failed = [record for record in through(workers, "abcdef", monkeypatch).values() if record.status == "failed"]
    assert [(record.reason, record.transient, len(record.attempts)) for record in failed] == [
        (f"clip 'b': its machine was lost, {LOSSES} times: see the cluster's own log", "lost node", LOSSES)
    ]


def test_every_try_is_in_the_record(monkeypatch):
    workers = Workers(2, {"b": ["lost node", "killed"]})
    record = through(workers, "abc", monkeypatch)["b"]
    assert [(tried.number, tried.transient) for tried in record.attempts] == [(1, "lost node"), (2, "killed")]
    assert record.attempts[0].reason == "clip 'b': its machine was lost: see the cluster's own log"
    assert record.attempts[0].worker in {"host0:0", "host1:1"}


def test_what_hangs_is_ended_with_its_worker(monkeypatch):
    workers = Workers(2, {"b": ["hangs"] * 10**6})
    found = through(workers, "abcd", monkeypatch, plan=replace(PLAN, timeout=0.1))
    assert (found["b"].status, found["b"].transient) == ("failed", "timed out")
    assert found["b"].reason.startswith("clip 'b': it took more than 0.1 s and was ended with its process (--timeout)")
    assert [name for name, record in found.items() if record.status == "failed"] == ["b"]
    assert workers.started <= 3


def test_a_clip_that_killed_a_worker_in_an_earlier_round_is_tried_alone_and_once(monkeypatch):
    workers = Workers(2, {"a": ["killed"]})
    found = through(workers, "abc", monkeypatch, killers=[10])
    assert [clip for clip, _ in workers.log] == ["b", "c", "a"]
    assert (found["a"].status, found["a"].transient) == ("failed", "killed")


def test_a_clip_that_kills_its_worker_twice_has_failed_and_its_second_try_is_alone(monkeypatch):
    workers = Workers(3, {"a": ["killed"] * KILLS, "c": ["killed"]}, machines=1)
    found = through(workers, "abcdef", monkeypatch)
    assert {name: record.reason for name, record in found.items() if record.status == "failed"} == {
        "a": f"clip 'a': {KILLED}"
    }
    assert Counter(clip for clip, _ in workers.log) == Counter("abcdef") + Counter("ac")
    assert [company for clip, company in workers.log[-2:]] == [["a"], ["c"]]
    assert workers.started <= 3 + KILLS + 1


@given(
    st.integers(1, 4),
    st.dictionaries(st.sampled_from("abcdefgh"), st.lists(st.sampled_from(["killed", "lost node"]), max_size=5)),
)
def test_every_clip_ends_once_and_is_tried_no_more_than_its_losses_allow(count, fate):
    workers = Workers(count, fate)
    with pytest.MonkeyPatch.context() as patch:
        found = through(workers, "abcdefgh", patch)
    tries = Counter(clip for clip, _ in workers.log)
    for name, record in found.items():
        ends = fate.get(name, [])
        assert tries[name] <= KILLS + LOSSES - 1
        assert (record.status == "done") == (ends.count("killed") < KILLS and ends.count("lost node") < LOSSES)


def test_a_model_that_is_killed_while_it_loads_is_one_mistake(monkeypatch):
    with pytest.raises(BenchError, match="killed while it was loaded, most likely for lack of memory: try fewer"):
        next(Round(PLAN, Workers(2, {}, loading=["killed"] * (LOADS + 2)), {}).begun())
    workers = Workers(2, {}, loading=["killed"] * (LOADS - 1))
    assert next(Round(PLAN, workers, {}).begun()) is BEGUN
    with pytest.raises(BenchError, match="no such checkpoint"):
        next(Round(PLAN, Workers(1, {}, loading=[actor.Refused("no such checkpoint")]), {}).begun())


def test_a_machine_of_other_versions_or_weights_is_refused(monkeypatch):
    other = actor.Begun({}, {**actor.versions(), "torch": "1.0"}, {})
    with pytest.raises(BenchError, match=r"host0 has 1\.0 of 'torch' where this machine has .*: install the same"):
        next(Round(PLAN, Workers(1, {}, loading=[other]), {}).begun())
    more = actor.Begun({}, actor.versions(), {"inception": "f" * 64})
    with pytest.raises(BenchError, match=r"host1 has f{16} of 'inception' where this machine has none: put them here"):
        through(Workers(2, {}, loading=[BEGUN, more]), "ab", monkeypatch)


def test_a_run_without_workers_does_not_wait_for_ever(monkeypatch):
    monkeypatch.setattr(round, "PATIENCE", 0.0)
    workers = Workers(1, {})
    monkeypatch.setattr(workers, "answers", lambda timeout: iter(()))
    monkeypatch.setattr(workers.seats[0], "machine", None)
    with pytest.raises(BenchError, match="the cluster has had no place for a worker"):
        through(workers, "ab", monkeypatch)
