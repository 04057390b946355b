"""Plots of free views: metrics against the angle, and the pose that was asked for against the one measured."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from bench.report.page.frame_data import clip_curves
from bench.report.plots.grid import grid
from bench.report.plots.series import head, mixed_note, plain
from bench.report.plots.style import LINES, MARKERS, colour, drawable, legend, save, short
from bench.report.tables.columns import MetricColumn
from bench.report.tables.words import Words
from bench.results.run_results import Run
from bench.rows import Row

Axis = Literal["yaw", "pitch", "roll"]
AXES: tuple[Axis, ...] = ("yaw", "pitch", "roll")
_MEASURED = re.compile(r"(?:(.+)_)?(yaw|pitch|roll)")


def sweep(runs: Sequence[Run], columns: Sequence[MetricColumn], words: Words, folder: Path) -> list[Path]:
    """Means with intervals against yaw, pitch or roll, wherever at least two free views differ in that angle alone.

    Metrics against the unrotated reference are drawn hollow: they say how far the picture moved.
    """
    written = []
    for axis in AXES:
        families = [_families(run, axis) for run in runs]
        if not any(families):
            continue
        pairs = [(run, views) for run, found in zip(runs, families, strict=True) for views in found.values()]
        used = [column for column in plain(columns) if any(_points(run, column, views) for run, views in pairs)]
        if not used:
            continue
        angles = sorted({angle for _, views in pairs for angle in views})
        spread = angles[-1] - angles[0]
        figure, places = grid(len(used))
        for axes, column in zip(places, used, strict=True):
            k = 0
            for run, found in zip(runs, families, strict=True):
                for name, views in found.items():
                    points = _points(run, column, views)
                    if points:
                        x, mean, low, high = np.array(sorted(points)).T
                        face = "white" if column.metric.is_against_driving else colour(k + 1)
                        label = f"{drawable(short(run.label, 28))}{f' ({name})' if name else ''}"
                        # A little apart, so that no interval hides another.
                        apart = (k - (len(pairs) - 1) / 2) * 0.012 * spread
                        axes.errorbar(
                            x + apart, mean, [mean - low, high - mean], color=colour(k + 1),
                            linestyle=LINES[k % len(LINES)], marker=MARKERS[k % len(MARKERS)],
                            markerfacecolor=face, capsize=2, linewidth=1.2, label=label,
                        )  # fmt: skip
                    k += 1
            axes.set_title(head(column, words))
            axes.set_xlabel(words("angle", axis=axis))
            axes.set_xticks(angles)
        mixed = mixed_note((run for run, _ in pairs), words)
        hollow = any(column.metric.is_against_driving for column in used)
        legend(figure, *places[0].get_legend_handles_labels(), words("hollow_note") if hollow else "", mixed)
        written += save(figure, folder, f"sweep-{axis}")
    return written


def _families(run: Run, axis: Axis) -> dict[str, dict[float, Row]]:
    """Free views that differ in `axis` alone: what they share → angle → row."""
    found: dict[str, dict[float, Row]] = {}
    for row, setting in run.free_views.items():
        angle = getattr(setting, axis)
        if angle is not None:
            rest = [f"{other} {_degrees(getattr(setting, other))}" for other in AXES if other != axis]
            shared = ", ".join([*rest, *(["relative"] if setting.mode == "relative" else [])])
            found.setdefault(shared, {})[angle] = row
    return {shared: views for shared, views in found.items() if len(views) > 1}


def _degrees(angle: float | None) -> str:
    return "—" if angle is None else f"{angle:g}°"


def _points(run: Run, column: MetricColumn, views: dict[float, Row]) -> list[tuple[float, float, float, float]]:
    points = []
    scale = column.metric.scale
    for angle, row in views.items():
        found = run.mean(row, column.metric.id)
        if found is not None and math.isfinite(found["mean"]):
            low, high = (found[key] if math.isfinite(found[key]) else found["mean"] for key in ("low", "high"))
            points.append((angle, found["mean"] * scale, low * scale, high * scale))
    return points


def pose(runs: Sequence[Run], columns: Sequence[MetricColumn], words: Words, folder: Path) -> list[Path]:
    """Mean measured angle of every clip against the requested one, for every estimator that measured it."""
    points = measured_pose(runs)
    if not points:
        return []
    used = [axis for axis in AXES if any(point[1] == axis for point in points)]
    figure, places = grid(len(used), width=4.4, height=4.0)
    names = list(dict.fromkeys(name for name, *_ in points))
    for axes, axis in zip(places, used, strict=True):
        asked = [point[2] for point in points if point[1] == axis]
        # A little to see, even where one angle alone was asked for.
        low, high = min(asked) - 5, max(asked) + 5
        for k, name in enumerate(names):
            mine = [(angle, found) for n, a, angle, found in points if (n, a) == (name, axis)]
            if mine:
                x, y = np.array(mine).T
                shape: dict[str, Any] = {"marker": MARKERS[k % len(MARKERS)], "s": 22, "alpha": 0.75}
                # A little apart, so that no estimator hides another.
                apart = (k - (len(names) - 1) / 2) * 0.015 * (high - low)
                axes.scatter(x + apart, y, color=colour(k + 1), label=name, **shape)
        axes.plot([low, high], [low, high], color="#93a0b2", linestyle="--", linewidth=1, zorder=0)
        axes.set(title=axis, xlabel=words("requested"), ylabel=words("measured"))
        axes.set_xticks(sorted(set(asked)))
    legend(figure, *places[0].get_legend_handles_labels(), mixed_note(runs, words))
    return save(figure, folder, "pose")


def measured_pose(runs: Sequence[Run]) -> list[tuple[str, Axis, float, float]]:
    """(run and estimator, axis, requested, mean measured) of every clip under an absolute free view."""
    found = []
    for run in runs:
        asked = {row.name: setting for row, setting in run.free_views.items()}
        for _, curves in clip_curves(run.folder):
            for curve in curves:
                match = _MEASURED.fullmatch(curve.metric)
                setting = asked.get(curve.setting)
                if match is None or setting is None or setting.mode == "relative":
                    continue
                axis = cast("Axis", match[2])
                angle = getattr(setting, axis)
                finite = curve.values[np.isfinite(curve.values)]
                if angle is not None and finite.size:
                    name = run.label if len(runs) > 1 else ""
                    label = " · ".join(part for part in (name, match[1] or "") if part) or run.label
                    label = drawable(short(label, 40))
                    found.append((label, axis, float(angle), float(finite.mean())))
    return found
