"""Per-frame curves of clips, with the worst frames marked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.report.page.frame_data import Curve, clip_curves
from bench.report.plots.grid import grid
from bench.report.plots.series import Series, head, mixed_note, plain, series_of, unrotated_note
from bench.report.plots.style import colour, drawable, legend, line, save
from bench.report.plots.worst_frames import worst_frames
from bench.report.tables.columns import MetricColumn
from bench.report.tables.words import Words
from bench.results.run_results import Run

if TYPE_CHECKING:
    from matplotlib.lines import Line2D

CLIPS = 12
"""Clips that get a plot: the worst by the first column, where a run has more; the page has them all."""


def curves(runs: Sequence[Run], columns: Sequence[MetricColumn], words: Words, folder: Path) -> list[Path]:
    """A figure a clip: a small plot a metric, a line a series, the three worst frames of each as dots."""
    shown = series_of(runs, words)
    wanted = _wanted(runs, columns, words)
    found: dict[str, dict[tuple[int, str], Curve]] = {clip: {} for clip in wanted}
    for run in runs:
        numbers = {series.row.name: series.index for series in shown if series.run is run}
        for clip, measured in clip_curves(run.folder):
            for curve in measured if clip in found else ():
                if curve.setting in numbers:
                    found[clip][numbers[curve.setting], curve.metric] = curve
    written = []
    for clip, parts in found.items():
        used = [column for column in plain(columns) if any(key[1] == column.metric.id for key in parts)]
        if used:
            written += _draw(clip, parts, used, shown, words, folder)
    return written


def _draw(
    clip: str,
    parts: dict[tuple[int, str], Curve],
    used: Sequence[MetricColumn],
    shown: Sequence[Series],
    words: Words,
    folder: Path,
) -> list[Path]:
    figure, places = grid(len(used), width=8.0, height=1.7, across=1, sharex=True)
    seen: dict[str, Line2D] = {}
    for axes, column in zip(places, used, strict=True):
        for series in shown:
            curve = parts.get((series.index, column.metric.id))
            if curve is None:
                continue
            values = curve.values * column.metric.scale
            style = line(series.index)
            # Broken lines lie over whole ones: where two agree, both are seen.
            over = 2.0 if style == "-" else 2.5
            (drawn,) = axes.plot(
                curve.frames, values, color=colour(series.index), linestyle=style, linewidth=1.2, zorder=over
            )
            seen.setdefault(series.name, drawn)
            if series.row.is_model:
                worst = worst_frames(curve.values, column.direction)
                dots: dict[str, Any] = {"color": colour(series.index), "edgecolor": "white", "s": 34, "zorder": 3}
                axes.scatter(curve.frames[worst], values[worst], **dots)
        axes.set_title(head(column, words))
    places[-1].set_xlabel(words("frame"))
    places[-1].locator_params(axis="x", integer=True)
    figure.suptitle(drawable(clip), x=0.01, ha="left", fontsize=11)
    drawn_runs = (series.run for series in shown if any(key[0] == series.index for key in parts))
    remarks = words("worst_note"), unrotated_note(used, shown, words), mixed_note(drawn_runs, words, clip=clip)
    legend(figure, list(seen.values()), list(seen), *remarks)
    return save(figure, folder, f"curves-{clip}")


def _wanted(runs: Sequence[Run], columns: Sequence[MetricColumn], words: Words) -> list[str]:
    clips = runs[0].clip_ids
    made = series_of(runs, words, ceiling=False)
    ranked = [column for column in plain(columns) if column.direction != "none"]
    if len(clips) <= CLIPS or not made or not ranked:
        return clips[:CLIPS]
    values = made[0].values(ranked[0])
    sign = -1 if ranked[0].direction == "lower" else 1
    return sorted(values, key=lambda clip: sign * values[clip])[:CLIPS]
