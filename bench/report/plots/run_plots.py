"""Plots over a whole run: bars of clips, distributions, correlation of metrics, radar."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bench.report.plots.grid import grid
from bench.report.plots.series import Series, head, infinite_note, mixed_note, plain, series_of, unrotated_note
from bench.report.plots.style import HATCHES, LINES, MARKERS, colour, drawable, legend, plot_words, save, short, style
from bench.report.tables.columns import MetricColumn
from bench.report.tables.words import Words
from bench.results.run_results import Run
from bench.rows import GROUND_TRUTH, ORIGINAL, STATIC, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BARS = 40
"""Clips in a plot of bars: the worst, where a run has more."""


def bars(runs: Sequence[Run], columns: Sequence[MetricColumn], words: Words, folder: Path) -> list[Path]:
    """A bar a clip and series, with the middle 90 % of its frames; the mean with its 95 % interval at the end."""
    import matplotlib.pyplot as plt

    shown = series_of(runs, words, ceiling=False)
    if not shown:
        return []
    ranges = _frame_ranges(runs, shown)
    written = []
    for column in plain(columns):
        having = [series for series in shown if series.values(column)]
        if not having:
            continue
        values = [series.values(column) for series in having]
        clips = _worst(values, column, list(dict.fromkeys(clip for part in values for clip in part)))
        width = max(6.0, 1.6 + 0.22 * (len(clips) + 1) * (len(having) + 1))
        figure, axes = plt.subplots(figsize=(min(width, 18.0), 4.2), layout="constrained")
        _draw_bars(axes, having, values, clips, column, ranges, words)
        axes.set_title(head(column, words))
        remarks = (
            words("bars_note"), unrotated_note([column], having, words), infinite_note([column], shown, words),
            mixed_note((series.run for series in having), words),
        )  # fmt: skip
        legend(figure, *axes.get_legend_handles_labels(), *remarks)
        written += save(figure, folder, f"bars-{column.metric.id}")
    return written


def _draw_bars(
    axes: Axes,
    shown: Sequence[Series],
    values: Sequence[dict[str, float]],
    clips: Sequence[str],
    column: MetricColumn,
    ranges: dict[tuple[int, str, str], tuple[float, float]],
    words: Words,
) -> None:
    width = 0.8 / len(shown)
    scale = column.metric.scale
    for k, (series, part) in enumerate(zip(shown, values, strict=True)):
        at = np.arange(len(clips) + 1) - 0.4 + width * (k + 0.5)
        at[-1] += 0.6
        found = series.run.mean(series.row, column.metric.id)
        mean, low, high = (math.nan,) * 3 if found is None else (found[key] * scale for key in ("mean", "low", "high"))
        heights = [*(part.get(clip, math.nan) for clip in clips), mean]
        spans = [ranges.get((series.index, clip, column.metric.id), (math.nan, math.nan)) for clip in clips]
        bounds = np.array([*((low * scale, high * scale) for low, high in spans), (low, high)])
        bar = axes.bar(
            at, heights, width, label=series.name, color=colour(series.index), hatch=HATCHES[k % len(HATCHES)],
            edgecolor="white", linewidth=0.3,
        )  # fmt: skip
        bar[-1].set_alpha(0.75)
        known = np.isfinite(bounds).all(axis=1) & np.isfinite(heights)
        axes.vlines(at[known], bounds[known, 0], bounds[known, 1], color="#18202c", linewidth=0.9)
    axes.axvline(len(clips) - 0.2, color="#93a0b2", linewidth=0.8)
    names = [*(drawable(short(clip, 24)) for clip in clips), words("mean")]
    room = axes.figure.get_figure(root=True).get_figwidth() / (len(names) + 1.5)
    slanted = max(map(len, names)) * 0.07 > room
    turn: dict[str, Any] = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if slanted else {}
    axes.set_xticks([*range(len(clips)), len(clips) + 0.6], names, fontsize=7, **turn)
    axes.grid(visible=False, axis="x")
    finite = [value for part in values for value in part.values()]
    # Bars start at zero unless everything is far from it.
    if finite and min(finite) > 0 and (max(finite) - min(finite)) < 0.15 * max(finite):
        span = max(finite) - min(finite) or 1.0
        axes.set_ylim(bottom=max(0.0, min(finite) - 1.5 * span))


def _frame_ranges(runs: Sequence[Run], shown: Sequence[Series]) -> dict[tuple[int, str, str], tuple[float, float]]:
    """(series, clip, metric) → the 5th and 95th percentile of the clip's frames, stored scale."""
    from bench.report.page.frame_data import clip_curves

    places = {(id(series.run), series.row.name): series.index for series in shown}
    found = {}
    for run in runs:
        for clip, curves in clip_curves(run.folder):
            for curve in curves:
                index = places.get((id(run), curve.setting))
                finite = curve.values[np.isfinite(curve.values)]
                if index is not None and finite.size > 1:
                    low, high = np.quantile(finite, [0.05, 0.95])
                    found[index, clip, curve.metric] = (float(low), float(high))
    return found


def _worst(values: Sequence[dict[str, float]], column: MetricColumn, clips: list[str]) -> list[str]:
    """All clips in order, or the worst of the first series where there are too many."""
    if len(clips) <= BARS:
        return clips
    sign = -1 if column.direction == "lower" else 1
    return sorted((clip for clip in clips if clip in values[0]), key=lambda clip: sign * values[0][clip])[:BARS]


def distributions(runs: Sequence[Run], columns: Sequence[MetricColumn], words: Words, folder: Path) -> list[Path]:
    """Boxes over clips for every metric and series, with every clip as a dot."""
    written = []
    for name, against in (("distributions", "driving"), ("distributions-true-view", "true-view")):
        part = [column for column in plain(columns) if column.metric.against == against]
        shown = [series for series in series_of(runs, words) if any(series.values(column) for column in part)]
        used = [column for column in part if any(series.values(column) for series in shown)]
        if used:
            written += save(_distributions(shown, used, words), folder, name)
    return written


def _distributions(shown: Sequence[Series], used: Sequence[MetricColumn], words: Words) -> Figure:
    longest = max(len(series.name) for series in shown)
    across = min(3, len(used))
    figure, places = grid(
        len(used), width=3.2 + 0.085 * longest / across, height=0.9 + 0.26 * len(shown), across=across, sharey=True
    )
    for axes, column in zip(places, used, strict=True):
        data = [list(series.values(column).values()) for series in shown]
        rows = np.arange(len(shown), 0, -1)
        boxes = axes.boxplot(
            data, positions=rows, orientation="horizontal", widths=0.6, showfliers=False, patch_artist=True,
            medianprops={"color": "#18202c", "linewidth": 1.4},
        )  # fmt: skip
        for k, (box, series) in enumerate(zip(boxes["boxes"], shown, strict=True)):
            box.set(facecolor=colour(series.index), alpha=0.35, hatch=HATCHES[k % len(HATCHES)])
            # Spread by rank, not by chance: the same results make the same picture.
            offset = (np.arange(len(data[k])) * 0.618 % 1 - 0.5) * 0.45
            dots: dict[str, Any] = {
                "s": 9,
                "color": colour(series.index),
                "marker": MARKERS[k % len(MARKERS)],
                "linewidths": 0,
            }
            axes.scatter(data[k], rows[k] + offset, zorder=3, alpha=0.7, **dots)
        axes.set_yticks(rows, [series.name for series in shown])
        axes.locator_params(axis="x", nbins=5)
        axes.set_title(head(column, words))
        axes.grid(visible=False, axis="y")
    remarks = unrotated_note(used, shown, words), infinite_note(used, shown, words)
    legend(figure, [], [], *remarks, mixed_note((series.run for series in shown), words))
    return figure


def correlation(runs: Sequence[Run], columns: Sequence[MetricColumn], words: Words, folder: Path) -> list[Path]:
    """Spearman's rank correlation between metrics over the clips, for every setting that a model made."""
    import matplotlib.pyplot as plt

    written = []
    for series in series_of(runs, words, ceiling=False):
        used = [column for column in plain(columns) if len(set(series.values(column).values())) > 2]
        if len(used) < 2:
            continue
        matrix = _rank_correlation([series.values(column) for column in used])
        size = 1.6 + 0.55 * len(used)
        figure, axes = plt.subplots(figsize=(size + 0.8, size), layout="constrained")
        image = axes.imshow(matrix, cmap="PuOr", vmin=-1, vmax=1)
        labels = [column.metric.label for column in used]
        axes.set_xticks(range(len(used)), labels, rotation=45, ha="right")
        axes.set_yticks(range(len(used)), labels)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        for (i, j), value in np.ndenumerate(matrix):
            ink = "white" if abs(value) > 0.65 else "#18202c"
            text = "—" if math.isnan(value) else f"{value:+.2f}".replace("-", "−")
            axes.text(j, i, text, ha="center", va="center", color=ink, fontsize=8)
        axes.set_title(f"{words('correlation')}\n{series.name}", x=0)
        figure.colorbar(image, ax=axes, shrink=0.8)
        written += save(figure, folder, f"correlation-{series.name}".replace(" ", "_"))
    return written


def _rank_correlation(columns: Sequence[dict[str, float]]) -> NDArray[np.float64]:
    matrix = np.eye(len(columns))
    for i, first in enumerate(columns):
        for j, second in enumerate(columns[:i]):
            clips = [clip for clip in first if clip in second]
            x, y = [first[clip] for clip in clips], [second[clip] for clip in clips]
            known = len(set(x)) > 2 and len(set(y)) > 2
            matrix[i, j] = matrix[j, i] = float(stats.spearmanr(x, y).statistic) if known else math.nan
    return matrix


def radar(runs: Sequence[Run], columns: Sequence[MetricColumn], words: Words, folder: Path) -> list[Path]:
    """For every setting, the models' means on spokes, with the static row as the floor under `original`.

    Metrics against the unrotated reference have no place where the rim means the best.
    """
    series = [one for one in series_of(runs, words) if one.row != GROUND_TRUTH]
    written = []
    for row in dict.fromkeys(one.row for one in series if one.row.is_model):
        floor = (STATIC,) if row == ORIGINAL else ()
        written += _radar(row, [one for one in series if one.row in (row, *floor)], columns, words, folder)
    return written


def _radar(
    row: Row, shown: Sequence[Series], columns: Sequence[MetricColumn], words: Words, folder: Path
) -> list[Path]:
    import matplotlib.pyplot as plt

    used = []
    for column in plain(columns):
        lines = [s.run.mean(s.row, column.metric.id) for s in shown]
        means = [math.nan if line is None else line["mean"] for line in lines]
        finite = [mean for mean in means if math.isfinite(mean)]
        honest = column.direction != "none" and not column.metric.is_against_unrotated(row)
        if honest and len(finite) == len(means) and max(finite) > min(finite):
            used.append((column, means))
    if len(used) < 3:
        return []
    angles = np.linspace(0, 2 * np.pi, len(used), endpoint=False)
    figure, axes = plt.subplots(figsize=(6, 5.6), subplot_kw={"projection": "polar"}, layout="constrained")
    for k, series in enumerate(shown):
        spokes = []
        for column, means in used:
            worst, best = (min(means), max(means)) if column.direction == "higher" else (max(means), min(means))
            spokes.append((means[k] - worst) / (best - worst))
        line: dict[str, Any] = {"color": colour(series.index), "linestyle": LINES[k % len(LINES)]}
        axes.plot(
            [*angles, angles[0]], [*spokes, spokes[0]], label=series.name, marker=MARKERS[k % len(MARKERS)], **line
        )
    axes.set_xticks(angles, [head(column, words) for column, _ in used])
    axes.tick_params(axis="x", pad=14)
    axes.set_yticks([0, 0.5, 1], ["", "", ""])
    axes.spines["polar"].set_visible(False)
    legend(figure, *axes.get_legend_handles_labels(), words("radar_note"), mixed_note((s.run for s in shown), words))
    return save(figure, folder, f"radar-{row}")


def draw(
    kinds: Sequence[str], runs: Sequence[Run], columns: Sequence[MetricColumn], words: Words, folder: Path
) -> list[Path]:
    """Draw the plots called `kinds` and return the files written: a PDF and a PNG each."""
    from bench.report.plots import curve_plots, view_plots

    makers: dict[str, Callable[[Sequence[Run], Sequence[MetricColumn], Words, Path], list[Path]]] = {
        "bars": bars,
        "curves": curve_plots.curves,
        "distributions": distributions,
        "correlation": correlation,
        "sweep": view_plots.sweep,
        "pose": view_plots.pose,
        "radar": radar,
    }
    written = []
    with style():
        words = plot_words(words)
        for kind in kinds:
            written += makers[kind](runs, columns, words, folder)
    return written
