"""Qualitative strips: for each clip, evenly spaced and worst frames, side by side with their errors and values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from numpy.typing import NDArray

from bench.errors import MediaError
from bench.file_names import file_name
from bench.report.page.frame_data import Curve, clip_curves
from bench.report.plots.series import plain
from bench.report.plots.style import SOFT, drawable, plot_words, style
from bench.report.plots.worst_frames import even_frames, worst_frames
from bench.report.tables.columns import MetricColumn
from bench.report.tables.numbers import show
from bench.report.tables.words import Words
from bench.results.manifest import ClipRecord, MetricRecord
from bench.results.run_results import Run
from bench.rows import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EVEN, WORST = 4, 2
FULL_ERROR = 64
"""Mean absolute difference, in grey levels, that is drawn brightest in an error map."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a strip: a frame, whether it is one of the worst, and its picture under each heading."""

    frame: int
    is_worst: bool
    pictures: dict[str, Picture]


def write_strips(run: Run, columns: Sequence[MetricColumn], words: Words, folder: Path) -> list[Path]:
    """Write `folder/CLIP.png` for every clip whose videos were kept, and return the files.

    Error maps compare the kept videos, not the frames that were scored: they show where, the values under the pictures
    say how much.
    """
    folder.mkdir(parents=True, exist_ok=True)
    curves = {}
    for clip, found in clip_curves(run.folder):
        curves[clip] = {(curve.setting, curve.metric): curve for curve in found}
        record = run.records.get(clip)
        if record is None or "reference" not in record.videos or record.status != "done":
            curves.pop(clip)
    written = []
    with style():
        words = plot_words(words)
        for record in run.manifest.clips:
            if record.status == "done" and run.video(record, "reference"):
                path = folder / f"{file_name(record.id)}.png"
                _draw(run, record, curves.get(record.id, {}), plain(columns), words).savefig(path, dpi=110)
                written.append(path)
    return written


def _draw(
    run: Run,
    record: ClipRecord,
    curves: dict[tuple[str, str], Curve],
    columns: Sequence[MetricColumn],
    words: Words,
) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    rows = [row for row in run.rows.values() if row.is_model and run.video(record, row.name)]
    lines = _lines(run, record, rows, curves, columns, words)
    heads = list(lines[0].pictures)
    height, width = next(iter(lines[0].pictures.values())).shape[:2]
    cell = 2.0
    shown = {row: _metrics(row, run.manifest.metrics, curves, columns) for row in rows}
    values = 0.11 * math.ceil(max(map(len, shown.values()), default=0) / 2) + 0.12
    size = (cell * len(heads), (cell * height / width + values) * len(lines) + 0.95)
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(h_pad=0.02, hspace=0))
    axes = figure.subplots(len(lines), len(heads), squeeze=False)
    names = {words.row(row): row for row in rows}
    for across, line in zip(axes, lines, strict=True):
        for place, head in zip(across, heads, strict=True):
            picture = line.pictures[head]
            scale = {"cmap": "magma", "vmin": 0, "vmax": FULL_ERROR} if picture.ndim == 2 else {}
            place.imshow(picture, **scale)
            place.set(xticks=[], yticks=[])
            place.grid(visible=False)
            for spine in place.spines.values():
                spine.set_visible(False)
            if head in names:
                place.set_xlabel(_values(names[head], line.frame, curves, shown[names[head]]), fontsize=6.5)
            elif picture.ndim == 2:
                place.set_xlabel(words("error_scale", full=FULL_ERROR), fontsize=6.5, color=SOFT)
        label = f"{words('frame')} {line.frame}" + (f" ({words('worst')})" if line.is_worst else "")
        across[0].set_ylabel(label, fontsize=8, fontweight="bold" if line.is_worst else "normal")
    for place, head in zip(axes[0], heads, strict=True):
        place.set_title(head, fontsize=9)
    figure.suptitle(drawable(f"{record.id}  ·  {run.label}"), fontsize=10, x=0.01, ha="left")
    figure.supxlabel(_caveat(shown, words), fontsize=7, color=SOFT, x=0.01, ha="left")
    return figure


def _lines(
    run: Run,
    record: ClipRecord,
    rows: Sequence[Row],
    curves: dict[tuple[str, str], Curve],
    columns: Sequence[MetricColumn],
    words: Words,
) -> list[Line]:
    worst = _worst(rows, curves, columns)
    count = _length(run.folder / record.videos["reference"])
    frames = sorted({*even_frames(count, EVEN), *(frame for frame in worst if frame < count)})
    reference = _read(run.folder / record.videos["reference"], frames)
    videos = {row: _read(run.folder / record.videos[row.name], frames) for row in rows}
    source = next(_frames(run.folder / record.videos["reference"]))
    lines = []
    for frame in frames:
        pictures = {words("source"): source, words("reference"): reference[frame]}
        pictures |= {words.row(row): found[frame] for row, found in videos.items() if frame in found}
        first = next((found[frame] for found in videos.values() if frame in found), None)
        if first is not None and first.shape == reference[frame].shape:
            apart = np.abs(first.astype(np.int16) - reference[frame].astype(np.int16)).mean(axis=2)
            pictures[f"{words('error')}: {words.row(rows[0])}"] = apart.astype(np.uint8)
        lines.append(Line(frame, frame in worst, pictures))
    # A video that ended early lacks its last pictures: every line keeps to the headings that all have.
    shared = [head for head in lines[0].pictures if all(head in line.pictures for line in lines)]
    return [Line(line.frame, line.is_worst, {head: line.pictures[head] for head in shared}) for line in lines]


def _worst(rows: Sequence[Row], curves: dict[tuple[str, str], Curve], columns: Sequence[MetricColumn]) -> list[int]:
    """The worst frames of the first row by the first metric that judges it."""
    for row in rows:
        for column in columns:
            curve = curves.get((row.name, column.metric.id))
            if curve is not None and not column.metric.is_against_unrotated(row):
                found = worst_frames(curve.values, column.direction, count=WORST)
                if found:
                    return [int(curve.frames[frame]) for frame in found]
    return []


def _metrics(
    row: Row, metrics: Sequence[MetricRecord], curves: dict[tuple[str, str], Curve], columns: Sequence[MetricColumn]
) -> list[MetricColumn]:
    """The columns with per-frame values; those against the true rotated view stand for those against the unrotated."""
    seen = {m.plain_id for m in metrics if m.against == "true-view" and (row.name, m.id) in curves}
    return [
        column
        for column in columns
        if (row.name, column.metric.id) in curves
        and not (column.metric.is_against_unrotated(row) and column.metric.id in seen)
    ]


def _values(row: Row, frame: int, curves: dict[tuple[str, str], Curve], columns: Sequence[MetricColumn]) -> str:
    parts = []
    for column in columns:
        curve = curves[row.name, column.metric.id]
        for at in np.flatnonzero(curve.frames == frame)[:1]:
            value = show(float(curve.values[at]) * column.metric.scale, column.digits)
            parts.append(f"{column.metric.plain_label} {value}")
    return "\n".join("   ".join(parts[i : i + 2]) for i in range(0, len(parts), 2))


def _caveat(shown: Mapping[Row, Sequence[MetricColumn]], words: Words) -> str:
    """What the values under free views are against."""
    views = [column.metric for row, columns in shown.items() if row.is_free_view for column in columns]
    true = dict.fromkeys(metric.plain_label for metric in views if metric.against == "true-view")
    unrotated = dict.fromkeys(metric.label for metric in views if metric.is_against_driving)
    texts = [words("true_view_plot_note", metrics=", ".join(true))] if true else []
    texts += [words("unrotated_plot_note", metrics=", ".join(unrotated))] if unrotated else []
    return "\n".join(texts)


def _frames(path: Path) -> Iterator[Picture]:
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                yield np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    except (OSError, av.FFmpegError) as error:
        raise MediaError(f"'{path}' cannot be read for a strip ({error}): run the clip again") from None


def _read(path: Path, frames: Sequence[int]) -> dict[int, Picture]:
    wanted = set(frames)
    return {i: picture for i, picture in enumerate(_frames(path)) if i in wanted}


def _length(path: Path) -> int:
    return sum(1 for _ in _frames(path))
