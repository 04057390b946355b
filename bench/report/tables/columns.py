"""Columns of the tables: which there are, in which order, chosen and rounded as asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bench.errors import BenchError
from bench.near_names import hint
from bench.report.tables.table import Column
from bench.report.tables.words import Words
from bench.results.aggregation import OVER_FRAMES
from bench.results.manifest import MetricRecord
from bench.results.run_results import Run
from bench.rows import GROUND_TRUTH

View = Literal["clips", "frames", "pooled", "closeness"]


@dataclass(frozen=True, slots=True)
class MetricColumn:
    """A metric under one view: mean over clips or frames, value over the whole suite, or distance from the truth.

    Keys are `psnr`, `psnr:frames`, `fid:pooled` and `niqe:closeness`.
    """

    metric: MetricRecord
    view: View = "clips"
    digits: int = 3

    @property
    def key(self) -> str:
        """Name of the column in files and for `--columns`."""
        return self.metric.id if self.view == "clips" else f"{self.metric.id}:{self.view}"

    @property
    def direction(self) -> Literal["higher", "lower", "none"]:
        """Which way is better."""
        return "lower" if self.view == "closeness" else self.metric.direction

    def head(self, words: Words, *, has_pooled: bool) -> Column:
        """The head of this column."""
        label, notes = self.metric.label, []
        if self.view == "pooled":
            label = words("pooled", label=label)
        elif self.view == "frames":
            label = words("over_frames", label=label)
        elif self.view == "closeness":
            label = words("closeness", label=label)
            notes.append(words("closeness_note"))
        elif has_pooled:
            label = words("per_clip", label=label)
            notes.append(words("per_clip_note"))
        if self.metric.embedded:
            notes.append(words("embedded_note"))
        unit = self.metric.unit if self.metric.unit not in ("", "1") else ""
        return Column(self.key, label, self.direction, unit, notes=tuple(notes))


def columns_of(runs: Sequence[Run], *, every: bool = False) -> list[MetricColumn]:
    """The columns that the runs can fill, in the order of their metrics.

    A metric that has a value over the whole suite shows it first. Metrics that judge a video by itself (NIQE, LSE) and
    those with values on both sides of the ideal (jitter) are followed by their distance from the ground-truth row.
    Means over frames come where a protocol asks for them, or with `every`.
    """
    over_frames = every or any(run.manifest.protocol.aggregation == OVER_FRAMES for run in runs)
    metrics: dict[str, MetricRecord] = {}
    for run in runs:
        metrics.update({metric.id: metric for metric in run.manifest.metrics if metric.id not in metrics})
    found = []
    for metric in metrics.values():
        if has_pooled(runs, metric):
            found.append(MetricColumn(metric, "pooled", metric.digits))
        if over_frames and metric.per_frame:
            found.append(MetricColumn(metric, "frames", metric.digits))
        found.append(MetricColumn(metric, "clips", metric.digits))
        if has_closeness(runs, metric):
            found.append(MetricColumn(metric, "closeness", metric.digits))
    return found


def has_pooled(runs: Sequence[Run], metric: MetricRecord) -> bool:
    """Whether the metric is one over the whole suite, and some row has such a value."""
    means = [run.mean(row, metric.id) for run in runs for row in run.rows.values()] if metric.pooled else []
    return any(line is not None and line["pooled"] == line["pooled"] for line in means)


def has_closeness(runs: Sequence[Run], metric: MetricRecord) -> bool:
    """Whether the distance from the ground truth says what the value alone does not.

    So it is where the ground truth has a value of its own, and where values lie on both sides of the ideal (jitter).
    """
    judged_alone = not (metric.needs_reference or metric.needs_driving) and metric.direction != "none"
    has_truth = any(len(run.values(GROUND_TRUTH, metric.id)) > 0 for run in runs)
    return has_truth and (judged_alone or metric.is_two_sided)


def choose(columns: Sequence[MetricColumn], names: Sequence[str] | None) -> list[MetricColumn]:
    """The columns called `names`, in that order; all without names.

    Raises:
        BenchError: a name is none of theirs.
    """
    if not names:
        return list(columns)
    known = {column.key: column for column in columns}
    for name in names:
        if name not in known:
            meant = hint(name, known)
            raise BenchError(f"--columns {name}: these runs have no such column: {meant}they have {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)]


def rounded(columns: Sequence[MetricColumn], digits: Sequence[str] | None) -> list[MetricColumn]:
    """The columns with `--digits` applied: `3` for all, `psnr=2` for one.

    Raises:
        BenchError: an entry is neither, or names no column.
    """
    found = list(columns)
    for entry in digits or ():
        name, _, number = entry.rpartition("=")
        if not number.isascii() or not number.isdigit() or len(number) > 2 or int(number) > 15:
            raise BenchError(f"--digits {entry}: write a number of decimals up to 15, or METRIC=NUMBER")
        if name and not any(name in (column.key, column.metric.id) for column in found):
            raise BenchError(f"--digits {entry}: there is no column '{name}'")
        found = [
            replace(column, digits=int(number)) if name in ("", column.key, column.metric.id) else column
            for column in found
        ]
    return found
