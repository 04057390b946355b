"""The workers of a run on a cluster: started, given their inputs, asked, told apart from those that are lost."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from bench.run.clip_task import ClipTask
from bench.run.engines.orphans import GRACE
from bench.run.engines.ray_cluster.actor import Begun, ClipActor, Ended, Lacks, Place, Refused
from bench.run.engines.ray_cluster.connection import Machine, machines
from bench.run.engines.ray_cluster.inputs import Input
from bench.run.engines.ray_cluster.shares import Share
from bench.run.plan import Plan

Loss = Literal["killed", "lost node"]
Answer = Begun | Refused | Ended | Loss

_CONTROL: Final = "control"
"""The group of the call that ends an actor: it waits for no other."""


@dataclass(slots=True, eq=False)
class Seat:
    """A place for a worker: an actor, what it was asked, and where it is."""

    actor: Any
    method: str = ""
    words: tuple[Any, ...] = ()
    inputs: tuple[Input, ...] = ()
    answer: Any = None
    """The reference to what it will say; None while it is idle."""
    ready: bool = False
    machine: Machine | None = None
    place: Place | None = None
    since: float = 0.0


@dataclass(slots=True, eq=False)
class Seats:
    """All workers of one run. `weights`: files that each of them needs."""

    plan: Plan
    share: Share
    weights: tuple[Input, ...]
    seats: list[Seat] = field(default_factory=list)
    _stored: dict[Path, Any] = field(default_factory=dict)
    """What has been put into the cluster's store for all workers."""
    _left: dict[str, list[Path]] = field(default_factory=dict)
    """Machine → folders that workers have left there that were killed."""

    def start(self, count: int) -> None:
        """Ask the cluster for so many more workers; each says when it has loaded."""
        import ray

        remote = ray.remote(
            num_cpus=self.share.cpus,
            num_gpus=self.share.gpus,
            max_restarts=0,
            max_task_retries=0,
            concurrency_groups={_CONTROL: 1},
        )(ClipActor)
        level = logging.getLogger().getEffectiveLevel()
        for _ in range(count):
            seat = Seat(remote.remote(self.plan, max(1, self.share.cpus), level))
            self.seats.append(seat)
            self._ask(seat, "where", ())

    def run(self, seat: Seat, task: ClipTask, inputs: Sequence[Input]) -> None:
        """Give a worker a clip."""
        self._ask(seat, "run", tuple(inputs), task)

    @property
    def idle(self) -> list[Seat]:
        """Workers that wait for a clip."""
        return [seat for seat in self.seats if seat.ready and seat.answer is None]

    def answers(self, timeout: float) -> Iterator[tuple[Seat, Answer]]:
        """What workers say, as soon as the first says something, or nothing after `timeout` seconds.

        A worker that is lost says how. It has no seat any more, like one that cannot be made ready.

        Raises:
            Exception: what a worker raised, which is a fault of ours.
        """
        import ray

        waiting = {seat.answer: seat for seat in self.seats if seat.answer is not None}
        if not waiting:
            return
        came, _ = ray.wait(list(waiting), num_returns=1, timeout=timeout, fetch_local=True)
        for answer in came:
            seat = waiting[answer]
            try:
                said = ray.get(answer)
            except ray.exceptions.RayTaskError as error:
                raise error.cause if isinstance(error.cause, Exception) else error from None
            except ray.exceptions.RayError as error:
                logging.getLogger(__name__).info("a worker is lost: %s", error)
                self.drop(seat)
                loss: Loss = "lost node" if seat.machine is None or seat.machine.is_lost() else "killed"
                if loss == "killed" and seat.place is not None:
                    self._left.setdefault(seat.place.machine, []).append(seat.place.folder)
                yield seat, loss
                continue
            seat.answer = None
            if isinstance(said, Place):
                seat.place = said
                seat.machine = next((each for each in machines() if each.id == said.machine), None)
                self._sweep(seat, said)
                self._ask(seat, "begin", self.weights)
            elif isinstance(said, Lacks):
                self._ship(seat, said.inputs)
            else:
                seat.ready = isinstance(said, Begun | Ended)
                if isinstance(said, Refused):
                    self.drop(seat)
                yield seat, said

    def end_one(self, seat: Seat) -> None:
        """End one worker at once, with what it has started."""
        import ray

        ray.wait([seat.actor.end.options(concurrency_group=_CONTROL).remote()], timeout=GRACE)
        self.drop(seat)

    def _sweep(self, seat: Seat, place: Place) -> None:
        if folders := self._left.pop(place.machine, ()):
            seat.actor.sweep.options(concurrency_group=_CONTROL).remote(list(folders))

    def drop(self, seat: Seat) -> None:
        """Have one worker less; its process is killed if it is still there."""
        import ray

        if seat in self.seats:
            self.seats.remove(seat)
        ray.kill(seat.actor, no_restart=True)

    def end(self) -> None:
        """End all workers at once, with what they have started; one that does not end soon is killed."""
        import ray

        if not self.seats:
            return
        for seat in self.seats:
            if seat.place is not None:
                self._sweep(seat, seat.place)
        ending = [seat.actor.end.options(concurrency_group=_CONTROL).remote() for seat in self.seats if seat.machine]
        if ending:
            ray.wait(ending, num_returns=len(ending), timeout=GRACE)
        for seat in list(self.seats):
            self.drop(seat)
        self._stored.clear()

    def _ask(self, seat: Seat, method: str, inputs: tuple[Input, ...], *words: Any) -> None:
        seat.method, seat.words, seat.inputs, seat.since = method, words, inputs, time.monotonic()
        seat.answer = getattr(seat.actor, method).remote(*words, *([inputs] if method != "where" else []))

    def _ship(self, seat: Seat, lacking: Sequence[Input]) -> None:
        """Ask again with what the worker's machine does not see. Weights stay in the store, as others need them too."""
        import ray

        sent = []
        for each in lacking:
            if each not in self.weights:
                sent.append(ray.put(each.read()))
                continue
            if each.path not in self._stored:
                self._stored[each.path] = ray.put(each.read())
            sent.append(self._stored[each.path])
        seat.since = time.monotonic()
        seen = tuple(each for each in seat.inputs if each not in lacking)
        seat.answer = getattr(seat.actor, seat.method).remote(*seat.words, (*seen, *lacking), *sent)
