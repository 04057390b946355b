"""What is told at the end of a run, in the terminal and as table.md: settings as rows, metrics as columns.

`n` counts the clips that have any value in the row, `excluded` those that lack one of the columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.files.atomic_write import write_text
from bench.report.alarms import alarms
from bench.report.coverage import coverage, coverage_notes
from bench.report.formats.markdown import escape, markdown
from bench.report.tables.numbers import show, span
from bench.report.tables.summary import kind_of
from bench.report.tables.table import Cell, Column, Table, TableRow
from bench.report.tables.words import Words
from bench.results.aggregation import CLIP_BY_CLIP, OVER_FRAMES
from bench.results.manifest import ClipRecord, MetricRecord
from bench.results.reasons import MISSING, reasons, warned
from bench.results.run_results import Run, load
from bench.rows import GROUND_TRUTH, Row

LINES = 50
"""Reasons, or warnings, that are told one by one; how many more there are is told in one line."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What is told of a run at its end."""

    tables: tuple[Table, ...]
    alarms: tuple[str, ...]
    """A sentence for everything that cannot be right: a free view that does not turn the head."""


def write_brief(folder: Path) -> Brief:
    """Write `table.md` of a run folder, the alarms above the tables."""
    (run,) = load([folder])
    found = Brief(tuple(tables(run)), tuple(alarms([run], Words("en"))))
    told = [f"> **⚠ {escape(alarm)}**\n" for alarm in found.alarms]
    write_text(folder / "table.md", "\n".join([*told, *(markdown(table, heading=None) for table in found.tables)]))
    return found


def tables(run: Run) -> list[Table]:
    """The run's table, and below it the one against true rotated views where the suite has some."""
    suite, rows = run.manifest.suite, run.manifest.rows
    plain = [metric for metric in run.manifest.metrics if metric.against == "driving"]
    twins = [metric for metric in run.manifest.metrics if metric.against == "true-view"]
    title = f"{suite.id} · {run.manifest.model.name} · {coverage(suite)}"
    notes = [
        *coverage_notes(suite, run.manifest.clips),
        *_model_notes(run),
        *_metric_notes(run, plain),
        *_infinite_notes(run, plain, rows),
        *_reason_notes(run, plain),
        *_squeezed(run),
        *_warning_notes(run.manifest.clips),
    ]
    main = _table("brief", title, run, plain, rows, notes)
    viewed = [row for row in rows if any(run.mean(row, metric.id) for metric in twins)]
    if not viewed:
        return [main]
    notes = [*_infinite_notes(run, twins, viewed), *_reason_notes(run, twins)]
    return [main, _table("brief-true-view", f"{title} · against the true rotated view", run, twins, viewed, notes)]


def _table(
    id: str, title: str, run: Run, metrics: Sequence[MetricRecord], rows: Sequence[Row], notes: Sequence[str]
) -> Table:
    heads = [Column(metric.id, metric.plain_label, metric.direction) for metric in metrics]
    heads += [Column("n", "n"), Column("excluded", "excluded")]
    return Table(id, title, ("setting",), tuple(heads), tuple(_row(run, row, metrics) for row in rows), tuple(notes))


def _row(run: Run, row: Row, metrics: Sequence[MetricRecord]) -> TableRow:
    ids = {metric.id for metric in metrics}
    rows = run.clips[(run.clips["setting"] == row.name) & run.clips["metric"].isin(ids)]
    scored = rows[rows["status"] == "value"]["clip"].nunique()
    excluded = ", ".join(
        f"{count} {status}" for status in MISSING if (count := rows[rows["status"] == status]["clip"].nunique())
    )
    texts = [*(_value(run, row, metric, scored) for metric in metrics), str(scored), excluded or "—"]
    return TableRow((row.name,), tuple(Cell(text=text) for text in texts), kind_of(row))


def _value(run: Run, row: Row, metric: MetricRecord, scored: int) -> str:
    """The one value that the run's protocol asks for, and how many clips are not in it."""
    line = run.mean(row, metric.id)
    if line is None:
        return "—"
    aggregation = run.protocol.aggregation
    value = line["frame_mean"] if aggregation == OVER_FRAMES else line["mean"]
    if line["pooled_n"] and aggregation != CLIP_BY_CLIP:
        value = line["pooled"]
    text = show(value * metric.scale, metric.digits)
    if line["n"] and line["infinite"]:
        text += f" (∞ ×{line['infinite']})"
    if line["n"] and line["n"] + line["infinite"] < scored:
        text += f" (n={line['n']})"
    return text


def _model_notes(run: Run) -> Iterator[str]:
    model, carrier = run.manifest.model, run.protocol.carrier
    if model.description:
        yield f"model {model.name}: {', '.join(f'{name} {value}' for name, value in model.description.items())}"
    if carrier != "uint8":
        yield f"carrier: predictions were read from {carrier}, which is not what a model gave"


def _metric_notes(run: Run, metrics: Sequence[MetricRecord]) -> Iterator[str]:
    compared = [metric.label for metric in metrics if metric.needs_reference]
    if compared and any(row.is_free_view for row in run.manifest.rows):
        yield f"free view: {', '.join(compared)} are against the unrotated reference and are never ranked"
    for metric in metrics:
        rows = run.summary[run.summary["metric"] == metric.id]
        sizes = [size for size in rows["pooled_n"].tolist() if size]
        if sizes and run.protocol.aggregation != CLIP_BY_CLIP:
            yield f"{metric.label}: pooled over the suite, N = {span(sizes)} frames a side"
        elif sizes:
            scored = run.clips[(run.clips["metric"] == metric.id) & (run.clips["status"] == "value")]
            yield f"{metric.label}: clip by clip, N = {span(scored['n'])} frames a side"


def _squeezed(run: Run) -> Iterator[str]:
    """A line where videos of another shape than the frames were stretched to it."""
    records = run.manifest.clips
    if clips := [record for record in records if record.squeeze > 1.01]:
        most = max(clips, key=lambda record: record.squeeze)
        yield (
            f"aspect: {len(clips)} of {len(records)} clips were squeezed to {run.protocol.width}x{run.protocol.height},"
            f" by up to {most.squeeze:.2f} ('{most.id}'): --fit crop or pad keeps their shape"
        )


def _infinite_notes(run: Run, metrics: Sequence[MetricRecord], rows: Sequence[Row]) -> Iterator[str]:
    """A line for every metric of which frames are kept out of means, with the rows and how many."""
    for metric in metrics:
        found = [(row, line) for row in rows if (line := run.mean(row, metric.id)) is not None]
        # A ground truth of nothing else says so with its bare ∞.
        told = [
            f"{row} ∞ ×{line['infinite_frames']}"
            for row, line in found
            if line["infinite_frames"] and (row != GROUND_TRUTH or line["frames"])
        ]
        if told:
            yield f"{metric.label}: frames of infinite value are kept out of means: {', '.join(told)}"


def _reason_notes(run: Run, metrics: Sequence[MetricRecord]) -> Iterator[str]:
    """A line for every reason why some metric has no value: first of what was skipped, then of what failed."""
    found = reasons(run.clips, metrics={metric.id for metric in metrics})
    for status in MISSING:
        mine = [reason for reason in found if reason.status == status]
        for reason in mine[:LINES]:
            yield f"{status}: {len(reason.clips)} clips ({', '.join(reason.metrics)}): {reason.text}"
        if rest := mine[LINES:]:
            clips = {clip for reason in rest for clip in reason.clips}
            yield f"{status}: {len(clips)} clips for {len(rest)} more reasons: clips.csv has them all"


def _warning_notes(records: Sequence[ClipRecord]) -> Iterator[str]:
    """A line for every warning of every clip; where these are many, one for the clips that share a warning."""
    lines = [f"clip '{record.id}': {text}" for record in records for text in record.warnings]
    if len(lines) > LINES:
        lines = [
            f"clip '{one.clips[0]}'{f' and {len(one.clips) - 1} more' if one.clips[1:] else ''}: {one.text}"
            for one in warned(records)
        ]
    yield from lines[:LINES]
    if rest := lines[LINES:]:
        yield f"{len(rest)} more warnings: run.json has them all"
