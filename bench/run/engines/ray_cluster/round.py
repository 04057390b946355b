"""One pass of clips through the workers of a cluster: who runs what, and what is done about losses."""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from bench.errors import BenchError, Transient
from bench.files.atomic_write import write_atomically
from bench.results.clip_result import ClipResult
from bench.results.manifest import Attempt
from bench.run.clip_run import failed
from bench.run.clip_task import ClipTask
from bench.run.engines.attempts import after, attempt
from bench.run.engines.engine import Ended
from bench.run.engines.ray_cluster import actor
from bench.run.engines.ray_cluster.inputs import clip_inputs
from bench.run.engines.ray_cluster.seats import Loss, Seat, Seats
from bench.run.plan import Plan
from bench.run.shards.cost import cost, longest_first

KILLS: Final = 2
"""Workers that one clip may kill before it has failed."""
LOSSES: Final = 4
"""Machines that may be lost under one clip before it has failed."""
LOADS: Final = 3
"""Workers that may be killed one after another while they load."""
PATIENCE: Final = 120.0
"""Seconds that a run without a worker waits for the cluster to have a place for one."""

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Round:
    """Tasks by the places of their clips in the suite, and the workers that run them."""

    plan: Plan
    seats: Seats
    tasks: Mapping[int, ClipTask]
    waiting: deque[int] = field(default_factory=deque)
    suspects: deque[int] = field(default_factory=deque)
    """Clips whose worker was killed."""
    busy: dict[Seat, int] = field(default_factory=dict)
    kills: Counter[int] = field(default_factory=Counter)
    losses: Counter[int] = field(default_factory=Counter)
    killers: set[int] = field(default_factory=set)
    """Places of clips that have killed a worker, in this round or an earlier one."""
    earlier: dict[int, list[Attempt]] = field(default_factory=dict)
    """What the tries at a clip came to before the last one."""
    loads: int = 0
    """Workers killed while they loaded, since the last that did load."""
    expected: tuple[Mapping[str, str], Mapping[str, str]] | None = None
    alone_since: float | None = None

    def begun(self) -> Iterator[actor.Begun]:
        """Workers as they become ready, until there is none to come.

        Raises:
            BenchError: none can be made ready.
        """
        while True:
            for seat, said in self.seats.answers(1.0):
                if isinstance(said, actor.Begun):
                    self._check(seat, said)
                    yield said
                elif isinstance(said, actor.Refused | str):
                    self._replace(seat, said)
            self._check_patience()

    def results(self) -> Ended:
        """Clips as they end: the place in the suite, and the result.

        Raises:
            BenchError: there is no worker any more, or one whose numbers would be others.
        """
        for next_place in longest_first((place, self._cost(task)) for place, task in self.tasks.items()):
            if next_place in self.killers:
                self.kills[next_place] = KILLS - 1
                self.suspects.append(next_place)
            else:
                self.waiting.append(next_place)
        while self.waiting or self.suspects or self.busy:
            self._hand_out()
            for seat, said in self.seats.answers(1.0):
                place = self.busy.pop(seat, None)
                if isinstance(said, actor.Begun):
                    self._check(seat, said)
                elif isinstance(said, actor.Ended):
                    assert place is not None
                    yield place, after(self._kept(said), self.earlier.pop(place, []))
                else:
                    if place is not None:
                        assert not isinstance(said, actor.Refused)
                        yield from self._lost(seat, place, said)
                    self._replace(seat, said)
            yield from self._overdue()
            self._check_patience()

    def _hand_out(self) -> None:
        for seat in self.seats.idle:
            if self.waiting:
                place = self.waiting.popleft()
            elif self.suspects and self._is_alone(seat):
                place = self.suspects.popleft()
            else:
                continue
            self.busy[seat] = place
            self.seats.run(seat, self.tasks[place], clip_inputs(self.tasks[place], self.plan))

    def _is_alone(self, seat: Seat) -> bool:
        """Whether all but suspects have ended, and nothing else runs on a worker's machine."""
        suspected = all(self.kills[place] for place in self.busy.values())
        return suspected and seat.machine not in [other.machine for other in self.busy]

    def _cost(self, task: ClipTask) -> float:
        return cost(task.clip, self.plan, rows=len(task.units))

    def _kept(self, ended: actor.Ended) -> ClipResult:
        """The result, its files in the run folder. A video that cannot be written becomes a warning of the clip."""
        result = ended.result
        for name, content in ended.files.items():
            try:
                write_atomically(self.plan.out / name, partial(_write, content=content))
            except OSError as error:
                videos = {row: video for row, video in result.record.videos.items() if video != name}
                told = f"its video '{name}' could not be written: {error.strerror or error}"
                update = {"videos": videos, "warnings": (*result.record.warnings, told)}
                result = replace(result, record=result.record.model_copy(update=update))
        return result

    def _lost(self, seat: Seat, place: int, loss: Loss) -> Iterator[tuple[int, ClipResult]]:
        """Let a clip that has lost its worker run again, or end it as failed."""
        if loss == "lost node":
            self.losses[place] += 1
            is_last = self.losses[place] == LOSSES
            times = f", {LOSSES} times" if is_last else ""
            reason = f"its machine was lost{times}: see the cluster's own log"
        else:
            self.killers.add(place)
            self.kills[place] += 1
            is_last = self.kills[place] == KILLS
            reason = "its process was killed, most likely for lack of memory: lower --batch or --size"
        result = self._failed(seat, place, reason, loss)
        if is_last:
            yield place, result
        elif loss == "lost node":
            self.waiting.appendleft(place)
        else:
            self.suspects.append(place)

    def _failed(self, seat: Seat, place: int, reason: str, transient: Transient) -> ClipResult:
        """What a try came to that has lost its worker, behind the tries before it."""
        task = self.tasks[place]
        result = failed(task, f"clip '{task.clip.id}': {reason}", transient)
        tried = attempt(result, seconds=time.monotonic() - seat.since)
        tries = self.earlier.setdefault(place, [])
        tries.append(tried.model_copy(update={"worker": seat.place.worker if seat.place is not None else ""}))
        return after(result, tries)

    def _overdue(self) -> Ended:
        """End what takes longer than the plan allows, with its worker."""
        for seat, place in list(self.busy.items()):
            timeout = self.plan.timeout
            if timeout is not None and time.monotonic() - seat.since > timeout:
                del self.busy[seat]
                self.seats.end_one(seat)
                reason = (
                    f"it took more than {timeout:g} s and was ended with its process (--timeout): "
                    "allow more, or find out what hangs there"
                )
                yield place, self._failed(seat, place, reason, "timed out")
                self._replace(seat, "killed")

    def _replace(self, seat: Seat, said: actor.Refused | Loss) -> None:
        """Ask for another worker, unless there are enough, or workers cannot be made ready."""
        if said == "killed" and not seat.ready:
            self.loads += 1
        left = len(self.waiting) + len(self.suspects) + len(self.busy) or self.seats.share.count
        if not isinstance(said, actor.Refused) and self.loads < LOADS and len(self.seats.seats) < left:
            self.seats.start(1)
        if isinstance(said, actor.Refused):
            log.warning("a worker cannot be made ready: %s", said.sentence)
        if not self.seats.seats:
            killed = "the model's process was killed while it was loaded, most likely for lack of memory"
            raise BenchError(said.sentence if isinstance(said, actor.Refused) else f"{killed}: try fewer --jobs")

    def _check(self, seat: Seat, begun: actor.Begun) -> None:
        """Raise `BenchError` for a worker whose machine would give other numbers than this one."""
        self.loads = 0
        if self.expected is None:
            self.expected = actor.versions(), actor.digests(self.plan)
        host = seat.machine.host if seat.machine is not None else "a machine of the cluster"
        for mine, theirs, remedy in (
            (self.expected[0], begun.versions, "install the same everywhere"),
            (self.expected[1], begun.weights, "put them here too, or take them away there"),
        ):
            if different := sorted(name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name)):
                name = different[0]
                here, there = mine.get(name, "none")[:16], theirs.get(name, "none")[:16]
                raise BenchError(f"{host} has {there} of '{name}' where this machine has {here}: {remedy}")

    def _check_patience(self) -> None:
        """Raise `BenchError` if the run has had no worker for too long."""
        if any(seat.machine is not None for seat in self.seats.seats):
            self.alone_since = None
            return
        self.alone_since = self.alone_since or time.monotonic()
        if time.monotonic() - self.alone_since > PATIENCE:
            raise BenchError(
                f"the cluster has had no place for a worker for {PATIENCE:g} s: others use it, or its machines are lost"
            )


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
