"""Paired differences between settings of a run and between models, tested and corrected."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from bench.report.tables.columns import MetricColumn
from bench.report.tables.summary import interval_notes, other_videos_notes
from bench.report.tables.table import Cell, Column, Table, TableRow
from bench.report.tables.words import Words
from bench.results.comparable import other_videos
from bench.results.manifest import MetricRecord
from bench.results.run_results import Run
from bench.results.statistics import Difference, holm, paired
from bench.rows import Row

_Place = tuple[Run, Row]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One test: a metric, and the two rows that are compared on the clips that both have."""

    first: str
    second: str
    metric: MetricRecord
    digits: int
    difference: Difference
    p: float
    """Corrected over all tests of the table."""


def comparisons(runs: Sequence[Run], columns: Sequence[MetricColumn], words: Words) -> list[Comparison]:
    """Every honest pair: the settings of each run, and the models under each setting, where protocols agree."""
    tests = []
    metrics = {column.metric.id: column for column in columns if column.view == "clips"}
    for first, second, label_first, label_second in _pairs(runs, words):
        others = other_videos((first[0], second[0]))
        for name, column in metrics.items():
            if not _is_fair(first, second, column.metric):
                continue
            values = _joined(first, second, name, others)
            people = [first[0].people.get(clip) for clip in values[2]]
            found = paired(values[0], values[1], people)
            if values[2]:
                tests.append((label_first, label_second, column, found))
    corrected = holm([found.p for *_, found in tests])
    return [
        Comparison(first, second, column.metric, column.digits, found, p)
        for (first, second, column, found), p in zip(tests, corrected, strict=True)
    ]


def difference_table(runs: Sequence[Run], columns: Sequence[MetricColumn], words: Words) -> Table | None:
    """The comparisons as a table; None where there is nothing to compare."""
    tests = comparisons(runs, columns, words)
    if not tests:
        return None
    rows = [_row(test, words) for test in tests]
    known = [test.difference for test in tests if test.difference.interval.n]
    clusters = min((difference.interval.clusters for difference in known), default=0)
    smallest = max((difference.smallest_p for difference in known), default=0.0)
    notes = [words("difference_note", count=len(known))]
    notes += interval_notes(runs[0], words, has_interval=any(row.cells[0].half for row in rows))
    notes += other_videos_notes(runs, words)
    if smallest > 0.01:
        notes.append(words("smallest_p_note", clusters=clusters, p=f"{smallest:.2g}"))
    heads = (
        Column("difference", words("difference")),
        Column("p", words("p")),
        Column("effect", words("effect")),
        Column("rising", words("rising"), unit="%"),
        Column("n", words("n")),
    )
    suite = runs[0].manifest.suite.title or runs[0].manifest.suite.id
    stub = (words("compared"), words("metric"))
    return Table("differences", words("difference_caption", suite=suite), stub, heads, tuple(rows), tuple(notes))


def _pairs(runs: Sequence[Run], words: Words) -> Iterator[tuple[_Place, _Place, str, str]]:
    for run in runs:
        made = [row for row in run.rows.values() if row.is_model]
        prefix = f"{run.label}, " if len(runs) > 1 else ""
        for second in made[1:]:
            shown = prefix + words.row(made[0]), prefix + words.row(second)
            yield (run, made[0]), (run, second), *shown
    for i, first_run in enumerate(runs):
        for second_run in runs[i + 1 :]:
            for row in first_run.rows.values():
                if row.name in second_run.rows and row.is_model:
                    end = f", {words.row(row)}"
                    yield (first_run, row), (second_run, row), first_run.label + end, second_run.label + end


def _is_fair(first: _Place, second: _Place, metric: MetricRecord) -> bool:
    same = first[0].manifest.protocol.row_hash(metric.id) == second[0].manifest.protocol.row_hash(metric.id)
    return same and not any(metric.is_against_unrotated(row) for _, row in (first, second))


def _joined(
    first: _Place, second: _Place, metric: str, others: Container[str]
) -> tuple[list[float], list[float], list[str]]:
    """Values of both on the clips that both have, and those clips; `others` are not the same video in both."""
    before, after = first[0].values(first[1], metric), second[0].values(second[1], metric)
    clips = [str(clip) for clip in before.index if clip in after.index and clip not in others]
    return before.loc[clips].tolist(), after.loc[clips].tolist(), clips


def _row(test: Comparison, words: Words) -> TableRow:
    found, scale, digits = test.difference, test.metric.scale, test.digits
    low, high = (None if math.isnan(bound) else bound * scale for bound in (found.interval.low, found.interval.high))
    unit = f" ({test.metric.unit})" if test.metric.unit else ""
    arrow = Column("", "", test.metric.direction).head.strip()
    head = f"{test.metric.label} {arrow}".strip() + unit
    return TableRow(
        (words("comparison", first=test.first, second=test.second), head),
        (
            _number(Cell(found.mean * scale, low, high, digits=digits, n=found.interval.n)),
            Cell(text=show_p(test.p)),
            _number(Cell(found.effect, digits=2)),
            _number(Cell(found.rising * 100, digits=0)),
            Cell(text=str(found.interval.n)),
        ),
    )


def _number(cell: Cell) -> Cell:
    """The cell, or a dash where no clip has a finite difference."""
    return Cell(text="—") if cell.value is None or math.isnan(cell.value) else cell


def show_p(p: float) -> str:
    """A p value as papers print it."""
    return "—" if math.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"
