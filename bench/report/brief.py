"""The table at the end of a run, in the terminal and as table.md: settings as rows, metrics as columns.

`n` counts the clips that have any value in the row, `excluded` those that lack one of the columns, and why.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.files.atomic_write import write_text
from bench.report.alarms import alarms
from bench.report.tables.words import Words
from bench.results.aggregation import CLIP_BY_CLIP, OVER_FRAMES
from bench.results.manifest import MetricRecord, RunManifest
from bench.results.run_results import load
from bench.results.summary import SummaryRow
from bench.rows import GROUND_TRUTH
from metrics.scorer.true_view import SUFFIX, TRUE_VIEW

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType

ARROWS = {"higher": "↑", "lower": "↓", "none": ""}
_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")


@dataclass(frozen=True, slots=True)
class Table:
    """A titled grid of text with notes under it."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def to_markdown(self) -> str:
        """The table in Markdown."""

        def line(cells: Sequence[str]) -> str:
            return "| " + " | ".join(escape(cell) for cell in cells) + " |"

        rule = "|" + "|".join([" --- "] + [" ---: "] * (len(self.head) - 1)) + "|"
        lines = [f"**{escape(self.title)}**", "", line(self.head), rule, *(line(row) for row in self.rows)]
        if self.notes:
            lines += ["", *(f"- {escape(note)}" for note in self.notes)]
        return "\n".join(lines) + "\n"

    def to_rich(self, *, width: int | None = None) -> RenderableType:
        """The table for the terminal.

        With `width`, the columns of the terminal, no cell is cut or broken: where the table does not fit, its columns
        become rows.
        """
        from rich.console import Group
        from rich.table import Table as Grid
        from rich.text import Text

        lines = [self.head, *self.rows]
        if width is not None and _width(lines) > width:
            lines = list(zip(*lines, strict=True))
        grid = Grid(title=Text(self.title), title_justify="left", header_style="bold")
        for number, name in enumerate(lines[0]):
            whole = number == 0 or width is not None
            grid.add_column(Text(name), justify="left" if number == 0 else "right", no_wrap=whole)
        for line in lines[1:]:
            grid.add_row(*(Text(cell) for cell in line))
        return Group(grid, *(Text(f"  {note}", style="dim") for note in self.notes))


@dataclass(frozen=True, slots=True)
class Brief:
    """What is told of a run at its end."""

    tables: tuple[Table, ...]
    alarms: tuple[str, ...]
    """A sentence for everything that cannot be right: a free view that does not turn the head."""


def write_brief(folder: Path) -> Brief:
    """Write `table.md` of a run folder, the alarms above the tables."""
    (run,) = load([folder])
    summary = [SummaryRow(**{str(name): cell for name, cell in row.items()}) for row in run.summary.to_dict("records")]
    found = Brief(tuple(tables(run.manifest, summary, run.clips)), tuple(alarms([run], Words("en"))))
    told = [f"> **⚠ {escape(alarm)}**\n" for alarm in found.alarms]
    write_text(folder / "table.md", "\n".join([*told, *(table.to_markdown() for table in found.tables)]))
    return found


def _width(lines: Sequence[Sequence[str]]) -> int:
    """Columns that the table takes with its borders and padding."""
    from rich.cells import cell_len

    return sum(max(map(cell_len, column)) + 3 for column in zip(*lines, strict=True)) + 1


def tables(manifest: RunManifest, summary: Sequence[SummaryRow], clips: pd.DataFrame) -> list[Table]:
    """The run's table, and below it the one against true rotated views where the suite has some."""
    found = {(row.setting, row.metric): row for row in summary}
    plain = [metric for metric in manifest.metrics if not metric.id.endswith(SUFFIX)]
    twins = [metric for metric in manifest.metrics if metric.id.endswith(SUFFIX)]
    coverage = f"{manifest.suite.selected} clips"
    if manifest.suite.present < manifest.suite.listed:
        coverage += f", {manifest.suite.present} of {manifest.suite.listed} present"
    title = f"{manifest.suite.id} · {manifest.model.name} · {coverage}"
    main = Table(
        title=title,
        head=("setting", *(_head(metric) for metric in plain), "n", "excluded"),
        rows=tuple(_line(setting, plain, found, clips, manifest.protocol.aggregation) for setting in manifest.settings),
        notes=tuple(_notes(manifest, plain, found, clips)),
    )
    viewed = [setting for setting in manifest.settings if any((setting, metric.id) in found for metric in twins)]
    if not viewed:
        return [main]
    against = Table(
        title=f"{title} · against the true rotated view",
        head=("setting", *(_head(metric).replace(TRUE_VIEW, "") for metric in twins), "n", "excluded"),
        rows=tuple(_line(setting, twins, found, clips, manifest.protocol.aggregation) for setting in viewed),
        notes=tuple(_infinite_notes(twins, viewed, found)),
    )
    return [main, against]


def _head(metric: MetricRecord) -> str:
    arrow = ARROWS[metric.direction]
    return f"{metric.label} {arrow}".rstrip()


def _line(
    setting: str,
    metrics: Sequence[MetricRecord],
    found: dict[tuple[str, str], SummaryRow],
    clips: pd.DataFrame,
    aggregation: str,
) -> tuple[str, ...]:
    ids = {metric.id for metric in metrics}
    rows = clips[(clips["setting"] == setting) & clips["metric"].isin(ids)]
    scored = rows[rows["status"] == "value"]["clip"].nunique()
    excluded = ", ".join(
        f"{count} {status}"
        for status in ("skipped", "failed")
        if (count := rows[rows["status"] == status]["clip"].nunique())
    )
    cells = (_cell(metric, found.get((setting, metric.id)), scored, aggregation) for metric in metrics)
    return (setting, *cells, str(scored), excluded or "—")


def _cell(metric: MetricRecord, row: SummaryRow | None, scored: int, aggregation: str) -> str:
    if row is None:
        return "—"
    value = row.frame_mean if aggregation == OVER_FRAMES else row.mean
    if row.pooled_n and aggregation != CLIP_BY_CLIP:
        value = row.pooled
    text = show(value * metric.scale, metric.digits)
    if row.n and row.infinite:
        text += f" (∞ ×{row.infinite})"
    if row.n and row.n + row.infinite < scored:
        text += f" (n={row.n})"
    return text


def show(value: float, digits: int) -> str:
    """A number as text: `∞`, `-∞`, `—` for NaN, never `-0.00`."""
    if math.isnan(value):
        return "—"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def span(counts: Iterable[int]) -> str:
    """Counts as text: the smallest and the largest, or the one that all are."""
    known = sorted(set(counts))
    return f"{known[0]}–{known[-1]}" if len(known) > 1 else str(known[0])


def _notes(
    manifest: RunManifest,
    metrics: Sequence[MetricRecord],
    found: dict[tuple[str, str], SummaryRow],
    clips: pd.DataFrame,
) -> list[str]:
    notes = []
    if manifest.model.description:
        told = ", ".join(f"{name} {value}" for name, value in manifest.model.description.items())
        notes.append(f"model {manifest.model.name}: {told}")
    if manifest.protocol.carrier != "uint8":
        notes.append(f"carrier: predictions were read from {manifest.protocol.carrier}, which is not what a model gave")
    compared = [metric.label for metric in metrics if metric.needs_reference]
    if compared and any(setting.startswith("free-view") for setting in manifest.settings):
        notes.append(f"free view: {', '.join(compared)} are against the unrotated reference and are never ranked")
    for metric in metrics:
        sizes = sorted({row.pooled_n for (_, name), row in found.items() if name == metric.id and row.pooled_n})
        if sizes and manifest.protocol.aggregation != CLIP_BY_CLIP:
            notes.append(f"{metric.label}: pooled over the suite, N = {span(sizes)} frames a side")
        elif sizes:
            scored = clips[(clips["metric"] == metric.id) & (clips["status"] == "value")]
            notes.append(f"{metric.label}: clip by clip, N = {span(scored['n'])} frames a side")
    notes += _infinite_notes(metrics, manifest.settings, found)
    for status in ("skipped", "failed"):
        rows = clips[(clips["status"] == status) & clips["metric"].isin({metric.id for metric in metrics})]
        for reason, group in list(rows.groupby("reason", sort=False))[:10]:
            names = ", ".join(dict.fromkeys(group["metric"]))
            notes.append(f"{status}: {group['clip'].nunique()} clips ({names}): {reason}")
    notes += [f"clip '{clip.id}': {warning}" for clip in manifest.clips for warning in clip.warnings][:10]
    return notes


def _infinite_notes(
    metrics: Sequence[MetricRecord], settings: Sequence[str], found: dict[tuple[str, str], SummaryRow]
) -> list[str]:
    """A line for every metric of which frames are kept out of means, with the rows and how many."""
    notes = []
    for metric in metrics:
        rows = [found[setting, metric.id] for setting in settings if (setting, metric.id) in found]
        # A ground truth of nothing else says so with its bare ∞.
        left_out = [row for row in rows if row.infinite_frames and (row.setting != GROUND_TRUTH or row.frames)]
        if left_out:
            told = ", ".join(f"{row.setting} ∞ ×{row.infinite_frames}" for row in left_out)
            notes.append(f"{metric.label}: frames of infinite value are kept out of means: {told}")
    return notes


def escape(text: str) -> str:
    """`text` so that Markdown and the HTML in it show it as it is."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _SPECIAL.sub(r"\\\1", text)
    return re.sub(r"[\r\n\x00-\x1f]+", " ", text)
