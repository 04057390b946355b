"""A baseline: the per-clip values of a run in one small file that people can read and diff."""

from __future__ import annotations

import math
import sys
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator

from bench.errors import BenchError
from bench.files.atomic_write import write_text
from bench.files.json import read_json
from bench.files.presence import is_file, is_there
from bench.gate.tolerances import Tolerances, check_has
from bench.record import Record
from bench.results.protocol import Protocol
from bench.results.run_results import Run, read_run
from bench.results.summary import failures
from bench.rows import Row


def _number(value: object) -> object:
    """A value as it stands in the file: a number, or an infinity, which JSON has no number for."""
    if value in ("Infinity", "-Infinity", math.inf, -math.inf):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return value
    raise ValueError(f"'{value}' is no number: restore the file, or remove it and make it anew with --update-baseline")


Values = dict[str, dict[str, dict[str, Annotated[float, BeforeValidator(_number)]]]]
"""Setting → metric → clip → stored value, with infinities."""


class Baseline(Record):
    """The whole of a baseline file; values are rounded to seven digits."""

    schema_version: Literal[1] = 1
    suite: str
    model: str
    created: str
    protocol_hash: str
    tolerances: dict[str, str] = {}
    protocol: Protocol
    people: dict[str, str] = {}
    """Clip → person, where the suite knows."""
    digests: dict[str, str] = {}
    """Clip → digest of its files and selection (ClipRecord); baselines of before have none."""
    values: Values


@dataclass(frozen=True, slots=True)
class Side:
    """What the gate compares: a run or a baseline.

    `clips` are all that were asked for, `reasons` say why (clip, setting, metric) has no value; both are None for a
    baseline, which knows values alone.
    """

    label: str
    protocol: Protocol
    people: dict[str, str]
    values: Values
    clips: tuple[str, ...] | None = None
    reasons: dict[tuple[str, str, str], str] | None = None
    tolerances: dict[str, str] | None = None
    digests: dict[str, str] = field(default_factory=dict)

    def without(self, metrics: Collection[str]) -> Side:
        """The same with a protocol that does not speak of these metrics."""
        kept = tuple(metric for metric in self.protocol.metrics if metric.id not in metrics)
        return replace(self, protocol=self.protocol.model_copy(update={"metrics": kept}))

    @property
    def rows(self) -> dict[str, Row]:
        """Name in files → row, of every row of which anything is known.

        Raises:
            BenchError: a name is not understood.
        """
        return {name: Row.parse(name) for name in (*self.values, *(name for _, name, _ in self.reasons or {}))}


def is_baseline(path: Path) -> bool:
    """Whether `path` means a baseline file, not a run folder."""
    return path.suffix == ".json" or is_file(path)


def read_side(path: Path) -> Side:
    """A run folder or a baseline file as a side of a comparison.

    Raises:
        BenchError: it is neither.
    """
    return _of_baseline(path, read(path)) if is_baseline(path) else of_run(read_run(path))


def of_run(run: Run) -> Side:
    """A run as a side of a comparison."""
    values: Values = {}
    reasons = {
        (place.clip, place.setting, metric): f"{reason.status}: {reason.text}"
        for reason in run.reasons
        for place in reason.places
        for metric in place.metrics
    }
    scored = run.clips[run.clips["status"] == "value"]
    columns = (scored[name].tolist() for name in ("clip", "setting", "metric", "value"))
    for clip, setting, metric, value in zip(*columns, strict=True):
        if math.isnan(value):
            reasons[clip, setting, metric] = f"value: {value}"
        else:
            values.setdefault(setting, {}).setdefault(metric, {})[clip] = value
    people = {clip: person for clip, person in run.people.items() if person is not None}
    label = f"{run.manifest.model.name} ({run.folder.name})"
    clips = tuple(clip.id for clip in run.manifest.clips)
    return Side(label, run.protocol, people, values, clips, reasons, digests=run.digests)


def planned(protocol: Protocol, before: Side) -> Side:
    """A run that has not begun, for its protocol alone; what only its clips tell of that is taken from `before`."""
    protocol = protocol.model_copy(update={"carrier": before.protocol.carrier})
    return Side("this run", protocol, {}, {})


def read(path: Path) -> Baseline:
    """Read a baseline file.

    Raises:
        BenchError: it is not there, or not a baseline.
    """
    try:
        data = read_json(path)
    except FileNotFoundError:
        raise BenchError(f"there is no baseline '{path}': make it from a good run with --update-baseline") from None
    except (OSError, ValueError) as error:
        raise BenchError(f"'{path}' is not a baseline ({error}): make it anew with --update-baseline") from None
    return Baseline.read(data, where=f"'{path}'")


def write(path: Path, run: Run, tolerances: Tolerances) -> Baseline:
    """Make the baseline `path` from a run; a baseline that is there gives its tolerances, under `tolerances`.

    Raises:
        BenchError: the run is not complete, has failed or damaged clips, or no value that a tolerance is for, or the
            file cannot be written.
    """
    manifest = run.manifest
    why = [] if manifest.complete else ["it was interrupted"]
    why += [f"clip '{clip}' failed" for clip in failures(manifest.clips, run.clips, manifest.rows)]
    why += [f"the file of clip '{clip.id}' is damaged" for clip in manifest.clips if clip.damaged]
    if why:
        raise BenchError(f"'{run.folder}' cannot become a baseline, since {why[0]}: mend that and run it again")
    side = of_run(run)
    check_has(side.values, tolerances.entries, f"'{run.folder}'", remedy="leave it out, or measure that")
    old = read(path).tolerances if is_there(path) else {}
    known = Tolerances({name: amount for name, amount in old.items() if _is_of(name, side.values)})
    baseline = Baseline(
        suite=manifest.suite.id,
        model=manifest.model.name,
        created=manifest.created,
        protocol_hash=manifest.protocol_hash,
        tolerances=known.updated(tolerances).entries,
        protocol=manifest.protocol,
        people=side.people,
        digests=side.digests,
        values=_rounded(side.values),
    )
    text = baseline.model_dump_json(indent=1) + "\n"
    try:
        write_text(path, text)
    except OSError as error:
        raise BenchError(f"baseline '{path}' cannot be written ({error.strerror}): name another file") from None
    return baseline


def left_out(run: Run) -> list[str]:
    """A sentence for every metric and setting of a run that its baseline lacks, since no clip has a value."""
    values = of_run(run).values
    return [
        f"not in it, since no clip has a value: {metric.id} under {row}"
        for row in run.manifest.rows
        for metric in run.manifest.metrics
        if row.is_model and metric.id not in values.get(row.name, {})
    ]


def _is_of(entry: str, values: Values) -> bool:
    """Whether there are values that the tolerance `METRIC` or `METRIC@SETTING` is for."""
    metric, _, setting = entry.partition("@")
    return any(metric in columns for name, columns in values.items() if setting in ("", name))


def _of_baseline(path: Path, baseline: Baseline) -> Side:
    if baseline.protocol.hash != baseline.protocol_hash:
        raise BenchError(f"'{path}' was edited: its protocol no longer has its hash; restore it or make it anew")
    check_has(baseline.values, baseline.tolerances, f"'{path}', which keeps it,", remedy="correct it there")
    label = f"{baseline.model} ({path.name})"
    return Side(
        label,
        baseline.protocol,
        baseline.people,
        baseline.values,
        tolerances=baseline.tolerances,
        digests=baseline.digests,
    )


def _rounded(values: Values) -> Values:
    return {
        setting: {
            metric: {clip: float(f"{value:.7g}") for clip, value in clips.items()} for metric, clips in columns.items()
        }
        for setting, columns in values.items()
    }
