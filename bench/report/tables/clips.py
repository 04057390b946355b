"""Every clip of one run under one setting: clips as rows, metrics as columns, the mean at the foot."""

from __future__ import annotations

from collections.abc import Sequence

from bench.file_names import file_name
from bench.report.tables.cells import clip_cell, mean_cell
from bench.report.tables.columns import MetricColumn, has_pooled
from bench.report.tables.summary import infinite_frames_notes, interval_notes, kind_of, protocol_note
from bench.report.tables.table import Table, TableRow
from bench.report.tables.words import Words
from bench.results.run_results import Run
from bench.rows import Row


def clip_table(run: Run, row: Row, columns: Sequence[MetricColumn], words: Words, *, id: str) -> Table:
    """The clips of `run` in one of its rows, in the run's order; a clip or metric without a value says why in a word.

    Metrics that this row was never to have (such as those against true rotated views) are left out.
    """
    found = run.outcomes(row)
    known = {metric for _, metric in found}
    shown = [column for column in columns if column.view == "clips" and (column.metric.id in known or not known)]
    lines = []
    for clip in run.clip_ids:
        broken = clip in run.records and run.records[clip].status == "failed"
        cells = []
        for column in shown:
            value, status, infinite = found.get((clip, column.metric.id), (None, "failed" if broken else "", 0))
            cells.append(clip_cell(value, status, infinite, column, words))
        lines.append(TableRow((clip,), tuple(cells)))
    means = tuple(mean_cell(run, row, column, words) for column in shown)
    lines.append(TableRow((words("mean"),), means, "mean"))
    notes = [protocol_note(run.manifest, words)]
    notes += interval_notes(run, words, has_interval=any(cell.half for cell in means))
    notes += infinite_frames_notes(shown, [TableRow((words.row(row),), means, kind_of(row))], words)
    named = [column.metric.label for column in shown if column.metric.is_against_unrotated(row)]
    if named:
        notes.append(f"{', '.join(named)}: {words('unrotated_note')}")
    suite = run.manifest.suite.title or run.manifest.suite.id
    caption = words("clips_caption", suite=suite, model=run.label, setting=words.row(row))
    heads = tuple(column.head(words, has_pooled=has_pooled([run], column.metric)) for column in shown)
    return Table(id, caption, (words("clip"),), heads, tuple(lines), tuple(notes))


def clip_table_id(runs: Sequence[Run], run: Run, row: Row) -> str:
    """File name of a clip table."""
    name = f"clips-{row}" if len(runs) == 1 else f"clips-{run.label}-{row}"
    return file_name(name.replace(" ", "_"))
