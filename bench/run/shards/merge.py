"""Runs of all parts of a suite become the run of the whole: nothing is computed anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError
from bench.files.atomic_write import write_text
from bench.files.link import link_or_copy
from bench.results.clip_parts import Parts
from bench.results.clip_tables import clip_rows
from bench.results.comparable import HARMLESS
from bench.results.join import Layout, results
from bench.results.manifest import MetricRecord, RunManifest, ShardRecord
from bench.results.run_folder import PARTS, RUN, clear, read_manifest
from bench.run import run_manifest
from bench.run.claim import writable
from bench.run.run_store import Finished, kinds_of, write_tables
from bench.run.suite_pools import SuitePools
from bench.suites.digests import clip_set
from metrics import registry
from metrics.metric import Metric
from metrics.scorer.true_view import true_view

_OWN = ("shard",)
"""What parts of one run differ in."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The run of one part."""

    folder: Path
    manifest: RunManifest
    shard: ShardRecord
    parts: Parts

    @property
    def layout(self) -> Layout:
        """Of its tables, and of those of the whole."""
        manifest = self.manifest
        return Layout(manifest.settings, tuple(m.id for m in manifest.metrics), manifest.protocol.carried_in(""))


def merge(
    folders: Sequence[Path],
    out: Path,
    *,
    partial: bool = False,
    command: Sequence[str] = (),
    at_end: Callable[[Path], object] = lambda folder: None,
) -> Finished:
    """Fill the run folder `out` from the runs of all parts of a suite.

    Its tables are those of a run of the whole, to the last bit: what the suite's values pool is merged in the suite's
    order. The run can be resumed as any other. `partial` takes what is there, as a run that is not complete.

    Raises:
        BenchError: a folder holds no part, parts differ in how they were made, or one is missing or not complete.
        OSError: the folder cannot be written.
    """
    found = [_read(folder) for folder in folders]
    for other in found[1:]:
        _check_alike(found[0], other)
    _check_overlap(found)
    lacking = _lacking(found)
    if lacking and not partial:
        remedy = "run it, with --resume where it has begun, or merge what is there with --partial"
        raise BenchError(f"{lacking[0]}: {remedy}")
    manifest = _whole(found, command)
    with writable(out):
        clear(out)
        write_text(out / RUN, manifest.model_dump_json(indent=2))
        parts = Parts(out / PARTS)
        for part in found:
            parts.take(part.parts)
            _take_videos(part.folder, out)
    first = found[0]
    clips = first.shard.clips
    kinds = kinds_of(list(map(_metric, manifest.metrics)))
    pools = SuitePools(lambda place: parts.pools(clips[place], kinds))
    pools.known(place for place, clip in enumerate(clips) if parts.has(clip))
    with writable(out):
        return write_tables(
            out,
            manifest,
            clips,
            parts,
            first.layout,
            pools.outcomes(),
            seconds=0.0,
            passes=0,
            complete=not lacking,
            at_end=at_end,
        )


def _read(folder: Path) -> _Part:
    manifest = read_manifest(folder)
    shard = manifest.suite.shard
    if shard is None:
        raise BenchError(f"'{folder}' is no run of a part of a suite: name the runs that --shard made")
    return _Part(folder, manifest, shard, Parts(folder / PARTS))


def _metric(record: MetricRecord) -> Metric:
    metric = registry.get(record.plain_id)
    return metric if record.against == "driving" else true_view(metric)


def _check_alike(one: _Part, other: _Part) -> None:
    """Raise `BenchError` for parts of different wholes, or that were made otherwise."""
    mine, theirs = one.manifest, other.manifest
    found = {
        name: pair
        for name, pair in mine.protocol.differences(theirs.protocol).items()
        if name not in (*HARMLESS, "carrier")
    }
    found |= {
        name: (mine.identity.get(name, "-"), theirs.identity.get(name, "-"))
        for name in dict.fromkeys((*mine.identity, *theirs.identity))
        if name not in _OWN and mine.identity.get(name) != theirs.identity.get(name)
    }
    for name, have, has in (
        ("settings", mine.settings, theirs.settings),
        ("metrics", [metric.id for metric in mine.metrics], [metric.id for metric in theirs.metrics]),
        ("number of parts", [str(one.shard.count)], [str(other.shard.count)]),
    ):
        if list(have) != list(has):
            found[name] = (", ".join(have), ", ".join(has))
    if one.shard.clips != other.shard.clips:
        found["list of clips"] = (f"one of {len(one.shard.clips)}", f"another of {len(other.shard.clips)}")
    if found:
        told = "; ".join(f"{name.replace('_', ' ')} is '{a}' and '{b}'" for name, (a, b) in list(found.items())[:3])
        raise BenchError(
            f"'{one.folder}' and '{other.folder}' are no parts of one run: {told}: merge those that were made alike"
        )


def _check_overlap(found: Sequence[_Part]) -> None:
    """Raise `BenchError` for a clip that two runs have with different results."""
    owner: dict[str, _Part] = {}
    for part in found:
        for clip in part.shard.selections:
            other = owner.setdefault(clip, part)
            if other is not part and _rows(other, clip) != _rows(part, clip):
                where = f"'{other.folder}' than in '{part.folder}'"
                raise BenchError(f"clip '{clip}' has other results in {where}: leave one of them out")


def _rows(part: _Part, clip: str) -> list[list[list[str]]]:
    layout = part.layout
    return [clip_rows(each, layout.row_hash(each.record.carrier)) for each in results([clip], part.parts, layout)]


def _lacking(found: Sequence[_Part]) -> list[str]:
    """What there is not, in sentences."""
    count = found[0].shard.count
    there = {part.shard.index for part in found}
    missing = [f"{index}/{count}" for index in range(1, count + 1) if index not in there]
    said = []
    if missing:
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        said.append(f"of {count} parts {len(missing)} are missing, {', '.join(missing[:5])}{more}")
    said += [f"part {p.shard.index}/{count} in '{p.folder}' is not complete" for p in found if not p.manifest.complete]
    nowhere = set(found[0].shard.clips).difference(*(part.shard.selections for part in found))
    if nowhere and not missing:
        said.append(f"clip '{min(nowhere)}' is in no part, as machines did not see the same files")
    return said


def _whole(found: Sequence[_Part], command: Sequence[str]) -> RunManifest:
    """The record of the whole as it is made."""
    first = found[0].manifest
    selections = {clip: text for part in found for clip, text in part.shard.selections.items()}
    protocol = first.protocol.carried_in("").model_copy(update={"clip_set": clip_set(selections)})
    return run_manifest.merged(
        [part.manifest for part in found],
        protocol,
        first.suite.model_copy(update={"selected": len(found[0].shard.clips), "shard": None}),
        identity={name: value for name, value in first.identity.items() if name not in _OWN},
        command=command,
    )


def _take_videos(run: Path, out: Path) -> None:
    for video in sorted((run / "videos").glob("*/*")):
        target = out / video.relative_to(run)
        target.parent.mkdir(parents=True, exist_ok=True)
        if video.is_dir():  # a folder of pictures
            shutil.copytree(video, target, dirs_exist_ok=True)
        else:
            target.unlink(missing_ok=True)
            link_or_copy(video, target)
