"""The summary: settings and models as rows, metrics as columns, means with intervals, ranked where that is honest."""

from __future__ import annotations

import math
from collections.abc import Container, Hashable, Sequence
from dataclasses import replace
from textwrap import shorten

import numpy as np

from bench.report.alarms import alarms
from bench.report.tables import ranking
from bench.report.tables.cells import mean_cell
from bench.report.tables.columns import MetricColumn, has_pooled
from bench.report.tables.table import Cell, Column, Kind, Table, TableRow
from bench.report.tables.words import Words
from bench.results.comparable import differing, other_videos
from bench.results.manifest import RunManifest
from bench.results.run_results import Run
from bench.results.statistics import FEW
from bench.rows import CODEC_FLOOR, GROUND_TRUTH, STATIC, WITHOUT_MODEL, Row


def summary_table(
    runs: Sequence[Run], columns: Sequence[MetricColumn], words: Words, *, caption: str | None = None
) -> Table:
    """Every setting of every run, with the rows first that no model has a part in."""
    plain = [column for column in columns if column.metric.against == "driving"] or list(columns)
    return _table("summary", caption or _caption(runs, words), runs, plain, _rows(runs), words)


def true_view_table(runs: Sequence[Run], columns: Sequence[MetricColumn], words: Words) -> Table | None:
    """The settings whose true rotated view is known, against it; None without such settings."""
    twins = [column for column in columns if column.metric.against == "true-view"]
    viewed = [row for row in _rows(runs) if any(len(run.values(row, c.metric.id)) for run in runs for c in twins)]
    if not viewed or len(twins) == len(columns):
        return None
    caption = f"{_caption(runs, words)}: {words('true_view')}"
    plain = [replace(c, metric=c.metric.model_copy(update={"label": c.metric.plain_label})) for c in twins]
    heads = [column.head(words, has_pooled=has_pooled(runs, column.metric)) for column in plain]
    table = _table("true-view", caption, runs, twins, viewed, words)
    return replace(table, columns=(*heads, table.columns[-1]), alarms=())


def _rows(runs: Sequence[Run]) -> list[Row]:
    """Every row that some run has, in their order."""
    return list(dict.fromkeys(row for run in runs for row in run.rows.values()))


def _table(
    id: str, caption: str, runs: Sequence[Run], columns: Sequence[MetricColumn], shown: Sequence[Row], words: Words
) -> Table:
    places = _places(runs, columns, shown)
    official = any(column.metric.needs_reference and not column.metric.embedded for column in columns)
    others = other_videos(runs)
    filled: list[list[Cell]] = []
    unpaired = False
    for column in columns:
        cells = [mean_cell(run, row, column, words) for run, row in places]
        cells = [_with_caveat(cell, column, row, words) for cell, (_, row) in zip(cells, places, strict=True)]
        groups = [_group(run, row, column, beside_official=official, others=others) for run, row in places]
        unpaired |= _has_unpaired(groups)
        filled.append(ranking.rank(cells, groups, column.direction))
    rows = [
        TableRow(_stub(places, run, row, words, models=len(runs)), (*cells, _clips(cells)), kind_of(row))
        for (run, row), cells in zip(places, zip(*filled, strict=True), strict=True)
    ]
    heads = [column.head(words, has_pooled=has_pooled(runs, column.metric)) for column in columns]
    stub = (words("setting"), words("model")) if len(runs) > 1 else (words("setting"),)
    notes = [*_notes(runs, filled, words), *infinite_frames_notes(columns, rows, words)]
    if unpaired:
        notes.append(words("unranked_clips_note"))
    return Table(
        id,
        caption,
        stub,
        (*heads, Column("n", words("n"))),
        tuple(rows),
        tuple(notes),
        tuple(alarms(runs, words)),
    )


def protocol_note(manifest: RunManifest, words: Words) -> str:
    """One line that says how the numbers were made."""
    protocol, suite = manifest.protocol, manifest.suite
    done = sum(clip.status == "done" for clip in manifest.clips)
    return words(
        "protocol_note",
        suite=suite.title or suite.id,
        version=suite.version,
        scored=done,
        listed=suite.listed,
        failed=len(manifest.clips) - done,
        width=protocol.width,
        height=protocol.height,
        kernel=protocol.resize_kernel,
        crop=protocol.crop,
        region=protocol.region,
        frames=protocol.scored_frames,
        carrier=protocol.carrier,
        hash=manifest.protocol_hash[:12],
    )


def _places(runs: Sequence[Run], columns: Sequence[MetricColumn], rows: Sequence[Row]) -> list[tuple[Run, Row]]:
    """Rows by setting, then by run; ceiling and floors first, and once for all runs that agree on them."""
    places: list[tuple[Run, Row]] = []
    for row in sorted(rows, key=lambda row: (*WITHOUT_MODEL, row).index(row)):
        shown: list[Run] = []
        for run in runs:
            told = not row.is_model and any(_agree(other, run, row, columns) for other in shown)
            if row.name in run.rows and not told:
                shown.append(run)
        places += [(run, row) for run in shown]
    return places


def _agree(first: Run, second: Run, row: Row, columns: Sequence[MetricColumn]) -> bool:
    """Whether a row is the same in two runs, but for the rounding of other machines."""
    pairs = [(run.values(row, column.metric.id) for run in (first, second)) for column in columns]
    return not (differing((first, second)) or other_videos((first, second))) and all(
        set(mine.index) == set(theirs.index) and np.allclose(mine, theirs.loc[mine.index], rtol=1e-6, atol=1e-9)
        for mine, theirs in pairs
    )


def _stub(places: Sequence[tuple[Run, Row]], run: Run, row: Row, words: Words, *, models: int) -> tuple[str, ...]:
    name = words.row(row)
    if models == 1:
        return (name,)
    alone = sum(other == row for _, other in places) == 1
    return (name, "" if alone and not row.is_model else run.label)


def kind_of(row: Row) -> Kind:
    """What stands in a row."""
    kinds: dict[Row, Kind] = {GROUND_TRUTH: "ground-truth", STATIC: "static", CODEC_FLOOR: "codec-floor"}
    return kinds.get(row, "result")


def _clips(cells: Sequence[Cell]) -> Cell:
    """The row's n: clips behind its fullest cell, infinite ones too."""
    return Cell(text=str(max((cell.n + cell.infinite for cell in cells), default=0)))


def _with_caveat(cell: Cell, column: MetricColumn, row: Row, words: Words) -> Cell:
    if cell.value is None or not column.metric.is_against_unrotated(row):
        return cell
    return replace(cell, notes=(*cell.notes, words("unrotated_note")))


def _group(
    run: Run, row: Row, column: MetricColumn, *, beside_official: bool, others: Container[str]
) -> Hashable | None:
    """Rows compete when setting, protocol of the metric and the clips behind the mean are the same.

    Those are the clips with a finite value; all clips where none has one, and the mean is infinite too. `others` are
    clips that are not one video in all runs.
    """
    if not ranking.is_rankable(column.metric, row, direction=column.direction, beside_official=beside_official):
        return None
    values = run.values(row, column.metric.id)
    finite = values[np.isfinite(values)]
    behind = (values if finite.empty else finite).index
    clips = frozenset((clip, run.digests.get(clip, "") if clip in others else "") for clip in behind)
    return row, run.manifest.protocol.row_hash(column.metric.id), clips


def _has_unpaired(groups: Sequence[Hashable | None]) -> bool:
    """Whether rows that could compete otherwise are kept apart by their clips alone."""
    known = {group for group in groups if isinstance(group, tuple)}
    return len({group[:2] for group in known}) < len(known)


def _notes(runs: Sequence[Run], filled: Sequence[Sequence[Cell]], words: Words) -> list[str]:
    lines = list(dict.fromkeys(protocol_note(run.manifest, words) for run in runs))
    if len(lines) > 1:
        lines = [words("protocol_of", label=run.label, note=protocol_note(run.manifest, words)) for run in runs]
    if mixed := differing(runs):
        fields = "; ".join(
            f"{field}: {shorten(mine, 60)} / {shorten(theirs, 60)}" for field, (mine, theirs) in mixed.items()
        )
        lines.append(words("mixed_note", fields=fields))
    lines += other_videos_notes(runs, words)
    cells = [cell for column in filled for cell in column]
    lines += interval_notes(runs[0], words, has_interval=any(cell.half for cell in cells))
    if any(cell.rank for cell in cells):
        lines.append(words("rank_note"))
    return lines


def interval_notes(run: Run, words: Words, *, has_interval: bool) -> list[str]:
    """What the intervals mean and how far to trust them."""
    if not has_interval:
        return [words("no_interval_note")]
    lines = [words("interval_note")]
    done = [clip for clip in run.manifest.clips if clip.status == "done"]
    people = {clip.person for clip in done if clip.person is not None}
    if people:
        lines.append(words("clusters_note", people=len(people)))
    clusters = len(people) + sum(clip.person is None for clip in done)
    if clusters < FEW:
        lines.append(words("few_note", clusters=clusters))
    return lines


def other_videos_notes(runs: Sequence[Run], words: Words) -> list[str]:
    """A line that names the clips that are not one video in all runs."""
    clips = [words("other_video", clip=clip, labels=", ".join(labels)) for clip, labels in other_videos(runs).items()]
    return [words("other_videos_note", clips="; ".join(clips))] if clips else []


def infinite_frames_notes(columns: Sequence[MetricColumn], rows: Sequence[TableRow], words: Words) -> list[str]:
    """A line for every metric of which frames are kept out of means, with the rows and how many."""
    lines = {}
    for i, column in enumerate(columns):
        told = [
            f"{' · '.join(filter(None, row.stub))} ∞ ×{row.cells[i].infinite_frames}"
            for row in rows
            # A ground truth of nothing else says so with its bare ∞.
            if row.cells[i].infinite_frames and not (row.kind == "ground-truth" and row.cells[i].value == math.inf)
        ]
        if told:
            lines[column.metric.id] = words("infinite_frames_note", label=column.metric.label, rows=", ".join(told))
    return list(lines.values())


def _caption(runs: Sequence[Run], words: Words) -> str:
    suites = ", ".join(dict.fromkeys(run.manifest.suite.title or run.manifest.suite.id for run in runs))
    clips = max(len(run.manifest.clips) for run in runs)
    return words("summary_caption", suite=suites, clips=clips, models=", ".join(run.label for run in runs))
