"""What a run has, from the first clip that ends to its tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.clips import Clip
from bench.errors import BenchError
from bench.files.atomic_write import write_text
from bench.outcome import Outcome, Pool
from bench.results.clip_parts import Parts
from bench.results.clip_result import ClipResult
from bench.results.join import Layout, join
from bench.results.manifest import RunManifest
from bench.results.part_file import Moment
from bench.results.pool_file import Pools
from bench.results.run_folder import PARTS, RUN, clear, clear_up, read_manifest
from bench.results.summary import Tally, has_failed, to_csv
from bench.run import resume, run_manifest
from bench.run.claim import writable
from bench.run.clip_run import failed
from bench.run.clip_task import ClipTask
from bench.run.identity import Keyed
from bench.run.suite_pools import SuitePools
from bench.suites.suite import Suite
from metrics.metric import Metric


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run came to."""

    folder: Path
    manifest: RunManifest
    failures: tuple[str, ...]
    """Ids of the clips that could not be run, or not under some setting."""

    damaged: tuple[str, ...] = ()
    """Ids of the clips that were scored on what could be read of a damaged file."""


@dataclass(slots=True)
class RunStore:
    """The folder of a run at work: clips go in as they end, and come out as tables."""

    clips: Sequence[Clip]
    keyed: Keyed
    manifest: RunManifest
    parts: Parts
    tasks: Mapping[int, ClipTask]
    """Place in the suite → what is to be done."""
    kinds: Mapping[str, type[Pool]]
    """Metric id → its pool."""
    faulty: int = 0
    """Clips that had failed before, or were damaged, and are not run now."""
    notes: tuple[str, ...] = ()
    """What there is to say before the first clip."""
    lost: dict[int, str] = field(default_factory=dict)
    pools: SuitePools = field(init=False)

    def __post_init__(self) -> None:
        self.pools = SuitePools(self._read)
        self.pools.known(place for place in range(len(self.clips)) if place not in self.tasks)

    @property
    def out(self) -> Path:
        """The run folder."""
        return self.keyed.plan.out

    def keep(self, place: int, ended: ClipResult, *, seconds: float, counts: bool = True, is_last: bool = True) -> None:
        """Keep what a pass over a clip gave, so many seconds after the session began.

        What does not count is shown in the tables, and done again when the run is resumed. `is_last` says that nothing
        of the clip is tried again in this session.

        Raises:
            BenchError: the folder cannot be written.
        """
        clip = self.clips[place]
        record = ended.record.model_copy(update={"digest": self.keyed.digests[clip.id]})
        moment = Moment(session=len(self.manifest.sessions) - 1, seconds=round(seconds, 3))
        with writable(self.out):
            self.parts.add(replace(ended, record=record), self.keyed.keys(clip) if counts else None, moment)
        if counts and is_last:
            self.pools.take(place)

    def again(self, place: int) -> ClipTask:
        """What is to be done of a clip that is tried again: what failed for what may pass, or everything."""
        clip = self.clips[place]
        left = resume.left(self.out, [clip], self.parts, self.keyed, pooled=self.kinds)
        return left.tasks.get(0, ClipTask.whole(clip, self.keyed.plan))

    def lose(self, *, seconds: float = 0.0) -> list[str]:
        """See that everything can be read again; clips of which something cannot have failed, and are told."""
        kept = {place: clip.id for place, clip in enumerate(self.clips) if self.parts.has(clip.id)}
        self.pools.known(kept.keys() - self.pools.taken)
        self.pools.close_up()
        why = self.parts.lost(kept.values())
        self.lost |= {place: why[clip] for place, clip in kept.items() if clip in why}
        if not self.lost:
            return []
        told = []
        for place, reason in self.lost.items():
            clip = self.clips[place]
            told.append(f"clip '{clip.id}': {reason}")
            self.parts.forget(clip.id)
            self.keep(place, failed(ClipTask.whole(clip, self.keyed.plan), told[-1]), seconds=seconds, counts=False)
        self.pools = SuitePools(self._read)  # without them
        self.pools.known(kept.keys() - self.lost.keys())
        return told

    def finish(self, *, seconds: float, passes: int, complete: bool, at_end: Callable[[Path], object]) -> Finished:
        """Write the run's tables and its record; `at_end` is given the folder then.

        Raises:
            BenchError: the folder cannot be written.
        """
        layout = Layout(
            self.manifest.settings, tuple(metric.id for metric in self.manifest.metrics), self.manifest.protocol
        )
        pooled = self.pools.outcomes()
        with writable(self.out):
            return write_tables(
                self.out,
                self.manifest,
                [clip.id for clip in self.clips],
                self.parts,
                layout,
                pooled,
                seconds=seconds,
                passes=passes,
                complete=complete,
                at_end=at_end,
            )

    def _read(self, place: int) -> Pools:
        try:
            return self.parts.pools(self.clips[place].id, self.kinds)
        except BenchError as error:
            self.lost[place] = str(error)
            return {}


def write_tables(
    out: Path,
    manifest: RunManifest,
    clips: Sequence[str],
    parts: Parts,
    layout: Layout,
    pooled: Mapping[str, Mapping[str, Outcome]],
    *,
    seconds: float,
    passes: int,
    complete: bool,
    at_end: Callable[[Path], object],
) -> Finished:
    """Everything that a run folder has beside its parts, from those of `clips`, in that order."""
    tally, lost = Tally(), []

    def each(result: ClipResult) -> None:
        tally.add(result)
        if has_failed(result, manifest.rows):
            lost.append(result.record.id)

    records = join(out, clips, parts, layout, each)
    write_text(out / "summary.csv", to_csv(tally.rows(pooled, seed=manifest.protocol.seed)))
    manifest = run_manifest.ended(manifest, records, seconds=seconds, passes=passes, complete=complete)
    write_text(out / RUN, manifest.model_dump_json(indent=2))
    at_end(out)
    damaged = tuple(record.id for record in records if record.damaged)
    return Finished(out, manifest, tuple(lost), damaged)


def begin(suite: Suite, keyed: Keyed, manifest: RunManifest, metrics: Sequence[Metric]) -> RunStore:
    """A new run; what its folder held goes."""
    out = keyed.plan.out
    with writable(out):
        clear(out)
        clear_up(out)
        write_text(out / RUN, manifest.model_dump_json(indent=2))
    tasks = {place: ClipTask.whole(clip, keyed.plan) for place, clip in enumerate(suite.clips)}
    return RunStore(suite.clips, keyed, manifest, Parts(out / PARTS), tasks, kinds_of(metrics))


def go_on(
    suite: Suite, keyed: Keyed, manifest: RunManifest, metrics: Sequence[Metric], *, retry_failed: bool
) -> RunStore:
    """The run that the folder holds, with what is left of it.

    Raises:
        BenchError: it was made otherwise than `manifest` says.
    """
    out, kinds = keyed.plan.out, kinds_of(metrics)
    before = read_manifest(out)
    parts = Parts(out / PARTS)
    if before.clips and not parts.numbers:
        raise BenchError(
            f"the run in '{out}' has no parts any more that another could go on from ({PARTS}/): "
            "name another folder with --out, or replace it with --overwrite"
        )
    resume.check(out, before, manifest)
    found = resume.left(out, suite.clips, parts, keyed, pooled=kinds, retry_failed=retry_failed)
    manifest = run_manifest.resumed(manifest, before, resume.sessions(before, found.ended))
    with writable(out):
        clear_up(out)
        write_text(out / RUN, manifest.model_dump_json(indent=2))
    notes = resume.notes(before, manifest, suite.clips, parts, found)
    return RunStore(suite.clips, keyed, manifest, parts, found.tasks, kinds, found.faulty, notes)


def kinds_of(metrics: Sequence[Metric]) -> dict[str, type[Pool]]:
    """Metric id → its pool, of those that have a suite-wide value."""
    return {metric.id: metric.pool for metric in metrics if metric.pool is not None}
