"""A run that goes on in its folder: what is done there, what is left, and what forbids it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.clips import Clip
from bench.errors import BenchError
from bench.outcome import Outcome
from bench.results.clip_parts import Parts
from bench.results.clip_result import ClipResult
from bench.results.comparable import HARMLESS
from bench.results.join import merged_record
from bench.results.manifest import Environment, RunManifest, SessionRecord
from bench.results.part_file import Keys, Moment, Part
from bench.results.protocol import MetricDefinition, Protocol
from bench.run.clip_task import ClipTask
from bench.run.identity import Keyed
from bench.run.kept_videos import SIDE_BY_SIDE
from bench.run.plan import Plan
from metrics.scorer.true_view import SUFFIX

_CARRIED = "carrier"  # only reading tells it


@dataclass(frozen=True, slots=True)
class Left:
    """What is left to do of a run, and what there is to tell about what is there."""

    tasks: Mapping[int, ClipTask]
    """Place in the suite → what is left of that clip; none where all is done."""
    faulty: int = 0
    """Clips that have failed or are damaged, of which nothing is left to do."""
    ended: tuple[Moment, ...] = ()
    """When the passes ended whose parts are there."""
    notes: tuple[str, ...] = ()


def check(out: Path, before: RunManifest, now: RunManifest) -> None:
    """See that a run may go on as is asked now.

    Lists of clips, metrics and settings may be longer than they were, and weights may be there that were missing.

    Raises:
        BenchError: something else than that differs; the sentence says what.
    """
    found = [
        f"{key.replace('_', ' ')} was '{was}' and is '{is_now}'"
        for key, (was, is_now) in _differences(before.protocol, now.protocol).items()
    ]
    for key in dict.fromkeys((*before.identity, *now.identity)):
        was, is_now = before.identity.get(key, "-"), now.identity.get(key, "-")
        if was != is_now:
            found.append(f"{key.replace('_', ' ')} was '{was}' and is '{is_now}'")
    if found:
        raise refusal(out, found)
    for name, had, have in (
        ("settings", before.settings, now.settings),
        ("metrics", _ids(before), _ids(now)),
    ):
        if gone := [one for one in had if one not in have]:
            raise BenchError(
                f"the run in '{out}' also has the {name} {', '.join(gone)}: name them too, with those to be added, "
                "or begin another run with --out"
            )


def refusal(out: Path, found: Sequence[str]) -> BenchError:
    """That a run cannot go on for what differs."""
    more = f", and {len(found) - 3} more" if len(found) > 3 else ""
    return BenchError(
        f"the run in '{out}' was made otherwise: {'; '.join(found[:3])}{more}: "
        "name another folder with --out, or replace it with --overwrite"
    )


def left(
    out: Path, clips: Sequence[Clip], parts: Parts, keyed: Keyed, *, pooled: Collection[str], retry_failed: bool = False
) -> Left:
    """What parts lack of what `keyed.plan` does with the clips. Those of a clip that are damaged are deleted.

    What failed for what may pass is not done. `pooled` are the metrics with a suite-wide value; `retry_failed` counts
    all that has failed as not done.

    Raises:
        BenchError: parts are of another clip, model, prediction or metric under the same name.
    """
    tasks: dict[int, ClipTask] = {}
    ended: list[Moment] = []
    notes: list[str] = []
    differing: list[str] = []
    faulty = 0
    for place, clip in enumerate(clips):
        try:
            found = [part.whole() for part in parts.of(clip.id)]
        except BenchError as error:
            notes.append(f"clip '{clip.id}': {error}")
            parts.forget(clip.id)
            found = []
        if not found:
            tasks[place] = ClipTask.whole(clip, keyed.plan)
            continue
        done: dict[tuple[str, str], bool] = {}
        ended += [part.ended for part in found]
        now = keyed.keys(clip)
        for part in found:
            units = _Units(part, now, pooled, retry_failed)
            differing += [f"clip '{clip.id}' {difference}" for difference in units.differences()]
            done |= units.done()
        open_units = {(row, metric.removesuffix(SUFFIX)) for (row, metric), is_done in done.items() if not is_done}
        task = _task(clip, keyed.plan, done.keys() - open_units, found)
        if task.units:
            tasks[place] = task
        else:
            faulty += _is_faulty(found)
    if differing:
        raise refusal(out, differing)
    return Left(tasks, faulty, tuple(ended), tuple(notes))


def _is_faulty(parts: Sequence[Part]) -> bool:
    """Whether the clip has failed, or is damaged."""
    outcomes: dict[str, dict[str, Outcome]] = {}
    for part in parts:
        for row, found in part.result.outcomes.items():
            outcomes.setdefault(row, {}).update(found)
    record = merged_record([part.result.record for part in parts])
    return record.damaged or ClipResult(record, outcomes).failure != ""


@dataclass(frozen=True, slots=True)
class _Units:
    """The units of one part, held against what they are known by now."""

    part: Part
    now: Keys
    pooled: Collection[str]
    retry_failed: bool

    def done(self) -> dict[tuple[str, str], bool]:
        """(row, metric) → whether it need not be done again."""
        pools = self.part.has_pools()
        return {
            (row, metric): self._is_done(row, metric, outcome)
            and (pools or metric not in self.pooled or outcome.status != "value")
            for row, metric, outcome in self._outcomes()
        }

    def differences(self) -> list[str]:
        """In what units that have a value are of something else than is there now."""
        valued = [(row, metric) for row, metric, outcome in self._outcomes() if outcome.status == "value"]
        return list(dict.fromkeys(filter(None, (self._difference(row, metric) for row, metric in valued))))

    def _outcomes(self) -> Iterator[tuple[str, str, Outcome]]:
        for row, outcomes in self.part.result.outcomes.items():
            for metric, outcome in outcomes.items():
                yield row, metric, outcome

    def _is_done(self, row: str, metric: str, outcome: Outcome) -> bool:
        if self.part.keys is None or self._difference(row, metric):
            return False  # what has no value, for a lack of weights or for a broken file, is tried with the new ones
        return outcome.status != "failed" or (outcome.transient is None and not self.retry_failed)

    def _difference(self, row: str, metric: str) -> str:
        had, now = self.part.keys, self.now
        if had is None:
            return ""
        if had.clip != now.clip:
            return "is another video (file, span, crop, source or true view)" if now.clip else "is not there any more"
        if had.model != now.model:
            return "was made by another model"
        if had.predictions.get(row) != now.predictions.get(row):
            return f"has another prediction under {row}"
        if metric in now.metrics and had.metrics.get(metric) != now.metrics[metric]:
            return f"was measured by another {metric}"
        return ""


def _task(clip: Clip, plan: Plan, done: Collection[tuple[str, str]], parts: Sequence[Part]) -> ClipTask:
    """What is left of a clip; videos of rows of which something is done stay."""
    units = {
        row.name: wanted
        for row in plan.rows
        if (wanted := tuple(metric for metric in plan.metrics if (row.name, metric) not in done))
    }
    begun = {row for row, _ in done}
    new = {str(setting) for setting in plan.settings} - begun
    videos = {name: path for part in parts for name, path in part.result.record.videos.items()}
    kept = {
        name
        for name, path in videos.items()
        if (plan.out / path).exists() and name not in new and not (name == SIDE_BY_SIDE and new)
    }
    return ClipTask(clip, units, frozenset(kept))


def _differences(before: Protocol, now: Protocol) -> dict[str, tuple[str, str]]:
    found = before.differences(now)
    have = {metric.id: metric for metric in now.metrics}
    came = {f"metric.{metric.id}" for metric in before.metrics if metric.id in have and _came(metric, have[metric.id])}
    return {key: pair for key, pair in found.items() if key not in (*HARMLESS, _CARRIED) and key not in came}


def _came(before: MetricDefinition, now: MetricDefinition) -> bool:
    """Whether a metric is the same, and has weights now that it lacked."""
    same = before.model_copy(update={"weights": now.weights}) == now
    return same and before.weights.items() < now.weights.items()


def _ids(manifest: RunManifest) -> list[str]:
    return [metric.id for metric in manifest.metrics]


def sessions(before: RunManifest, ended: Iterable[Moment]) -> tuple[SessionRecord, ...]:
    """The sessions of a run until now; of one that was killed is known what ended in it."""
    moments = list(ended)
    return tuple(
        session
        if session.finished
        else _killed(session, [moment.seconds for moment in moments if moment.session == number])
        for number, session in enumerate(before.sessions)
    )


def _killed(session: SessionRecord, mine: Sequence[float]) -> SessionRecord:
    return session.model_copy(update={"seconds": round(max(mine, default=0.0), 3), "clips": len(mine)})


def notes(before: RunManifest, now: RunManifest, clips: Sequence[Clip], parts: Parts, found: Left) -> tuple[str, ...]:
    """What a user should know of a run that goes on."""
    ids = [clip.id for clip in clips]
    said = [f"goes on: {len(ids) - len(found.tasks)} of {len(ids)} clips are done"]
    if others := parts.others(ids):
        more = ", …" if len(others) > 3 else ""
        said.append(
            f"{len(others)} clips that were run before are not in the list now, and not in the tables: "
            f"{', '.join(others[:3])}{more}"
        )
    common = set(ids).intersection(clip.id for clip in before.clips)
    if [one for one in ids if one in common] != [clip.id for clip in before.clips if clip.id in common]:
        said.append("the clips are in another order than before: the tables have the new one")
    if changed := _environment(before.environment, now.environment):
        said.append(f"{changed}: the last digits of what is computed now may differ")
    return (*said, *found.notes)


def _environment(before: Environment, now: Environment) -> str:
    """What moves last digits, where it is not as it was."""
    had, have = ({**one.versions, "processor": one.processor, "device": one.device} for one in (before, now))
    changed = [
        f"{name} was {had[name]} and is {have[name]}" for name in have if name in had and had[name] != have[name]
    ]
    return ", ".join(changed)
