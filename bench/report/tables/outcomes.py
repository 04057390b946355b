"""What has no value, and why: nothing is dropped silently."""

from __future__ import annotations

from collections.abc import Sequence

from bench.report.tables.table import Cell, Column, Table, TableRow
from bench.report.tables.words import Words
from bench.results.reasons import in_order
from bench.results.run_results import Run


def outcome_table(runs: Sequence[Run], words: Words) -> Table | None:
    """Failed clips, and skipped or failed metrics gathered by clip and reason; None where everything has a value."""
    rows = [row for run in runs for row in _rows(run, words, with_model=len(runs) > 1)]
    if not rows:
        return None
    heads = (
        Column("metric", words("metric"), is_text=True),
        Column("outcome", words("outcome"), is_text=True),
        Column("reason", words("reason"), is_text=True),
    )
    stub = (words("clip"), words("setting"))
    suite = runs[0].manifest.suite.title or runs[0].manifest.suite.id
    head = (words("model"), *stub) if len(runs) > 1 else stub
    return Table("outcomes", words("outcome_caption", suite=suite), head, heads, tuple(rows))


def _rows(run: Run, words: Words, *, with_model: bool) -> list[TableRow]:
    prefix = (run.label,) if with_model else ()
    rows = []
    for clip in run.manifest.clips:
        if clip.status == "failed":
            cells = (Cell(text="—"), Cell(text=words("failed")), Cell(text=clip.reason))
            rows.append(TableRow((*prefix, clip.id, "—"), cells))
    labels = {metric.id: metric.label for metric in run.manifest.metrics}
    for place, reason in in_order(run.reasons):
        metrics = ", ".join(labels.get(metric, metric) for metric in place.metrics)
        cells = (Cell(text=metrics), Cell(text=words(reason.status)), Cell(text=reason.text))
        rows.append(TableRow((*prefix, place.clip, words.row(run.rows[place.setting])), cells))
    return rows
