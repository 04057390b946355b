"""Qualitative strips: for each clip, evenly spaced and worst frames, side by side with their errors and values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from numpy.typing import NDArray

from bench.errors import MediaError
from bench.manifest import ClipRecord
from bench.report.columns import MetricColumn
from bench.report.frame_data import Curve, clip_curves
from bench.report.plot_style import style
from bench.report.plots import plain
from bench.report.ranking import UNRANKED_ROWS, is_against_unrotated
from bench.report.run import Run
from bench.report.words import Words
from bench.report.worst_frames import even_frames, worst_frames
from bench.store import file_name

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
        for record in run.manifest.clips:
            if record.status == "done" and (run.folder / record.videos.get("reference", "-")).is_file():
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

    settings = [s for s in run.settings if s in record.videos and s not in UNRANKED_ROWS]
    lines = _lines(run, record, settings, curves, columns, words)
    heads = list(lines[0].pictures)
    height, width = next(iter(lines[0].pictures.values())).shape[:2]
    cell = 2.0
    size = (cell * len(heads), (cell * height / width + 0.42) * len(lines) + 0.75)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(lines), len(heads), squeeze=False)
    names = dict(zip([words.setting(setting) for setting in settings], settings, strict=True))
    for row, line in zip(axes, lines, strict=True):
        for place, head in zip(row, heads, strict=True):
            picture = line.pictures[head]
            shown = {"cmap": "magma", "vmin": 0, "vmax": FULL_ERROR} if picture.ndim == 2 else {}
            place.imshow(picture, **shown)
            place.set(xticks=[], yticks=[])
            place.grid(visible=False)
            for spine in place.spines.values():
                spine.set_visible(False)
            if head in names:
                place.set_xlabel(_values(names[head], line.frame, curves, columns), fontsize=6.5)
        label = f"{words('frame')} {line.frame}" + (f" ({words('worst')})" if line.is_worst else "")
        row[0].set_ylabel(label, fontsize=8, fontweight="bold" if line.is_worst else "normal")
    for place, head in zip(axes[0], heads, strict=True):
        place.set_title(head, fontsize=9)
    figure.suptitle(f"{record.id}  ·  {run.label}", fontsize=10, x=0.01, ha="left")
    return figure


def _lines(
    run: Run,
    record: ClipRecord,
    settings: Sequence[str],
    curves: dict[tuple[str, str], Curve],
    columns: Sequence[MetricColumn],
    words: Words,
) -> list[Line]:
    worst = _worst(settings, curves, columns)
    count = _length(run.folder / record.videos["reference"])
    frames = sorted({*even_frames(count, EVEN), *(frame for frame in worst if frame < count)})
    reference = _read(run.folder / record.videos["reference"], frames)
    videos = {setting: _read(run.folder / record.videos[setting], frames) for setting in settings}
    source = next(_frames(run.folder / record.videos["reference"]))
    lines = []
    for frame in frames:
        pictures = {words("source"): source, words("reference"): reference[frame]}
        pictures |= {words.setting(setting): found[frame] for setting, found in videos.items() if frame in found}
        first = next((found[frame] for found in videos.values() if frame in found), None)
        if first is not None and first.shape == reference[frame].shape:
            apart = np.abs(first.astype(np.int16) - reference[frame].astype(np.int16)).mean(axis=2)
            pictures[f"{words('error')}: {words.setting(settings[0])}"] = apart.astype(np.uint8)
        lines.append(Line(frame, frame in worst, pictures))
    # A video that ended early lacks its last pictures: every line keeps to the headings that all have.
    shared = [head for head in lines[0].pictures if all(head in line.pictures for line in lines)]
    return [Line(line.frame, line.is_worst, {head: line.pictures[head] for head in shared}) for line in lines]


def _worst(settings: Sequence[str], curves: dict[tuple[str, str], Curve], columns: Sequence[MetricColumn]) -> list[int]:
    """The worst frames of the first setting by the first metric that judges it."""
    for setting in settings:
        for column in columns:
            curve = curves.get((setting, column.metric.id))
            if curve is not None and not is_against_unrotated(column.metric, setting):
                found = worst_frames(curve.values, column.direction, count=WORST)
                if found:
                    return [int(curve.frames[frame]) for frame in found]
    return []


def _values(setting: str, frame: int, curves: dict[tuple[str, str], Curve], columns: Sequence[MetricColumn]) -> str:
    parts = []
    for column in columns:
        curve = curves.get((setting, column.metric.id))
        if curve is not None:
            at = np.flatnonzero(curve.frames == frame)
            if at.size:
                value = float(curve.values[at[0]]) * column.metric.scale
                parts.append(f"{column.metric.label} {value:.{column.digits}f}".replace("inf", "∞"))
    return "\n".join("   ".join(parts[i : i + 2]) for i in range(0, min(len(parts), 6), 2))


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
