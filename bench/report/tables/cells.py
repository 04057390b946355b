"""Cells of result tables, filled from the rows of run folders."""

from __future__ import annotations

import math
from dataclasses import replace

from bench.report.tables.columns import MetricColumn
from bench.report.tables.numbers import span
from bench.report.tables.ranking import closeness
from bench.report.tables.table import Cell
from bench.report.tables.words import Words
from bench.results.run_results import Run
from bench.results.statistics import interval
from bench.rows import GROUND_TRUTH, Row


def mean_cell(run: Run, row: Row, column: MetricColumn, words: Words) -> Cell:
    """The cell of a run and row in a summary."""
    line = run.mean(row, column.metric.id)
    if line is None:
        return Cell(digits=column.digits, text="—")
    if column.view == "closeness":
        return _closeness(run, row, column)
    scale, digits = column.metric.scale, column.digits
    n, skipped, failed, infinite = (_count(line[key]) for key in ("n", "skipped", "failed", "infinite"))
    infinite_frames = _count(line["infinite_frames"])
    if column.view == "pooled":
        if math.isnan(line["pooled"]):
            return Cell(digits=digits, text="—")
        note = words("pooled_note", n=_count(line["pooled_n"]))
        return Cell(line["pooled"] * scale, digits=digits, n=n, notes=(note,))
    if column.view == "frames":
        if not math.isfinite(line["frame_mean"]):
            return Cell(digits=digits, text="—")
        note = words("frames_note", n=_count(line["frames"]))
        return Cell(line["frame_mean"] * scale, digits=digits, n=n, infinite_frames=infinite_frames, notes=(note,))
    notes = []
    if skipped or failed:
        counts = [("excluded_skipped", skipped), ("excluded_failed", failed)]
        excluded = ", ".join(words(key, count=count) for key, count in counts if count)
        notes.append(words("excluded_note", n=n + infinite, excluded=excluded))
    if infinite:
        notes.append(words("infinite_note"))
    if column.metric.pooled and _count(line["pooled_n"]) and (sizes := run.sizes(row, column.metric.id)):
        # A value of few frames measures mostly their number, so it never stands without it.
        notes.append(words("per_clip_n_note", n=span(sizes)))
    cell = Cell(
        digits=digits,
        n=n,
        skipped=skipped,
        failed=failed,
        infinite=infinite,
        infinite_frames=infinite_frames,
        notes=tuple(notes),
    )
    if math.isfinite(line["mean"]):
        low, high = (line[key] * scale if math.isfinite(line[key]) else None for key in ("low", "high"))
        return replace(cell, value=line["mean"] * scale, low=low, high=high)
    if infinite:
        return replace(cell, value=math.inf)
    return replace(cell, text=words("failed") if failed else words("skipped") if skipped else "—")


def clip_cell(value: float | None, status: str, infinite: int, column: MetricColumn, words: Words) -> Cell:
    """The cell of one clip, whose value leaves out `infinite` frames."""
    if value is None or math.isnan(value):
        failed = status == "failed"
        text = words("failed") if failed else words("skipped") if status == "skipped" else "—"
        return Cell(digits=column.digits, text=text, skipped=int(status == "skipped"), failed=int(failed))
    return Cell(value * column.metric.scale, digits=column.digits, n=1, infinite_frames=infinite)


def _closeness(run: Run, row: Row, column: MetricColumn) -> Cell:
    """Mean over clips of the distance from the same clip's ground truth."""
    if row == GROUND_TRUTH:
        return Cell(digits=column.digits, text="—")
    truth, found = run.values(GROUND_TRUTH, column.metric.id), run.values(row, column.metric.id)
    apart = closeness(found, truth).dropna() * column.metric.scale
    apart = apart[apart < math.inf]
    if apart.empty:
        return Cell(digits=column.digits, text="—")
    bounds = interval(apart.to_numpy(), [run.people.get(clip) for clip in apart.index])
    low, high = (None if math.isnan(bound) else bound for bound in (bounds.low, bounds.high))
    return Cell(float(apart.mean()), low, high, digits=column.digits, n=len(apart))


def _count(value: float) -> int:
    return 0 if math.isnan(value) else int(value)
