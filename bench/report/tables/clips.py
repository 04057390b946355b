"""Every clip of one run under one setting: clips as rows, metrics as columns, the mean at the foot."""

from __future__ import annotations

from collections.abc import Sequence

from bench.file_names import file_name
from bench.report.tables.cells import clip_cell, mean_cell
from bench.report.tables.columns import MetricColumn, has_pooled
from bench.report.tables.summary import infinite_frames_notes, interval_notes, kind_of, protocol_note
from bench.report.tables.table import Row, Table
from bench.report.tables.words import Words
from bench.results.manifest import is_against_unrotated
from bench.results.run_results import Run


def clip_table(run: Run, setting: str, columns: Sequence[MetricColumn], words: Words, *, id: str) -> Table:
    """The clips of `run` under `setting` in the run's order; a clip or metric without a value says why in a word.

    Metrics that this setting was never to have (such as those against true rotated views) are left out.
    """
    found = run.outcomes(setting)
    known = {metric for _, metric in found}
    shown = [column for column in columns if column.view == "clips" and (column.metric.id in known or not known)]
    rows = []
    for clip in run.clip_ids:
        broken = clip in run.records and run.records[clip].status == "failed"
        cells = []
        for column in shown:
            value, status, infinite = found.get((clip, column.metric.id), (None, "failed" if broken else "", 0))
            cells.append(clip_cell(value, status, infinite, column, words))
        rows.append(Row((clip,), tuple(cells)))
    means = tuple(mean_cell(run, setting, column, words) for column in shown)
    rows.append(Row((words("mean"),), means, "mean"))
    notes = [protocol_note(run.manifest, words)]
    notes += interval_notes(run, words, has_interval=any(cell.half for cell in means))
    notes += infinite_frames_notes(shown, [Row((words.setting(setting),), means, kind_of(setting))], words)
    if any(is_against_unrotated(column.metric, setting) for column in shown):
        named = [c.metric.label for c in shown if is_against_unrotated(c.metric, setting)]
        notes.append(f"{', '.join(named)}: {words('unrotated_note')}")
    suite = run.manifest.suite.title or run.manifest.suite.id
    caption = words("clips_caption", suite=suite, model=run.label, setting=words.setting(setting))
    heads = tuple(column.head(words, has_pooled=has_pooled([run], column.metric.id)) for column in shown)
    return Table(id, caption, (words("clip"),), heads, tuple(rows), tuple(notes))


def clip_table_id(runs: Sequence[Run], run: Run, setting: str) -> str:
    """File name of a clip table."""
    name = f"clips-{setting}" if len(runs) == 1 else f"clips-{run.label}-{setting}"
    return file_name(name.replace(" ", "_"))
