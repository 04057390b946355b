"""What plots show: runs under their settings, and what is to be said under a figure of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.report.plots.style import drawable, short
from bench.report.tables.columns import MetricColumn
from bench.report.tables.words import Words
from bench.results.comparable import differing, other_videos
from bench.results.run_results import Run
from bench.rows import Row


@dataclass(frozen=True, slots=True)
class Series:
    """A row of a run, as plots name and colour it."""

    run: Run
    row: Row
    name: str
    index: int

    def values(self, column: MetricColumn) -> dict[str, float]:
        """Finite display values by clip."""
        found = self.run.values(self.row, column.metric.id) * column.metric.scale
        return {str(clip): float(value) for clip, value in found.items() if math.isfinite(value)}


def series_of(runs: Sequence[Run], words: Words, *, ceiling: bool = True) -> list[Series]:
    """Every row of every run; rows that no model has a part in of the first run only, or of none."""
    places = [(run, row) for run in runs for row in run.rows.values() if row.is_model or run is runs[0]]
    made = []
    for i, (run, row) in enumerate(places):
        name = words.row(row)
        if len(runs) > 1 and row.is_model:
            name += f" · {drawable(short(run.label, 28))}"
        if ceiling or row.is_model:
            made.append(Series(run, row, name, i))
    return made


def plain(columns: Sequence[MetricColumn]) -> list[MetricColumn]:
    """The columns that hold a value for every clip."""
    return [column for column in columns if column.view == "clips"]


def head(column: MetricColumn, words: Words) -> str:
    """Label, arrow and unit of a metric."""
    return column.head(words, has_pooled=False).head


def unrotated_note(columns: Sequence[MetricColumn], shown: Sequence[Series], words: Words) -> str:
    """Which metrics compare a turned head with the unturned reference; empty where none does."""
    rows = {series.row for series in shown}
    named = [c.metric.label for c in columns if any(map(c.metric.is_against_unrotated, rows))]
    return words("unrotated_plot_note", metrics=", ".join(named)) if named else ""


def infinite_note(columns: Sequence[MetricColumn], shown: Sequence[Series], words: Words) -> str:
    """Whose values are infinite, which no plot can show; empty where none is."""
    found = []
    for column in columns:
        names = [s.name for s in shown if np.isinf(s.run.values(s.row, column.metric.id)).any()]
        if names:
            found.append(f"{column.metric.label} ({', '.join(names)})")
    return words("infinite_plot_note", found=", ".join(found)) if found else ""


def mixed_note(runs: Iterable[Run], words: Words, *, clip: str | None = None) -> str:
    """In what the protocols of the runs of a plot differ, and which of its clips are several videos; mostly empty."""
    runs = list(dict.fromkeys(runs))
    fields = list(differing(runs))
    clips = [drawable(short(other, 24)) for other in other_videos(runs) if clip in (None, other)]
    lines = [words("mixed_plot_note", fields=_few(fields))] if fields else []
    lines += [words("other_videos_plot_note", clips=_few(clips))] if clips else []
    return "\n".join(lines)


def _few(names: Sequence[str]) -> str:
    return ", ".join([*names[:4], *(["…"] if len(names) > 4 else [])])
