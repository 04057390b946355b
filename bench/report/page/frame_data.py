"""Per-frame values for the page: one small script file a clip, written while the parquet file streams by."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.results.frame_rows import texts
from bench.results.run_folder import damage_told
from bench.results.run_results import Run

_KEYS = ("clip", "setting", "metric")
_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class Curve:
    """Values of one metric under one setting: (T,) float64 in frame order, with the frames' numbers and times."""

    setting: str
    metric: str
    frames: NDArray[np.int64]
    times: NDArray[np.float64]
    values: NDArray[np.float64]


def write_frame_data(run: Run, number: int, clips: dict[str, int], folder: Path) -> None:
    """Write `folder/CLIP-RUN.js` for every clip of `clips` (id → its number on the page) that has per-frame values.

    A file calls `Bench.frames(clip, run, data)`; values are float32 in base64, times are those of the longest curve.
    """
    for clip, curves in clip_curves(run.folder):
        if clip not in clips:
            continue
        longest = max(curves, key=lambda curve: len(curve.values))
        times = longest.times if np.isfinite(longest.times).all() else None
        values: dict[str, dict[str, str]] = {}
        for curve in curves:
            values.setdefault(curve.setting, {})[curve.metric] = _base64(curve.values)
        data = {"times": None if times is None else _base64(times), "values": values}
        text = f"Bench.frames({clips[clip]},{number},{json.dumps(data, ensure_ascii=True)});\n"
        (folder / f"{clips[clip]}-{number}.js").write_text(text, encoding="utf-8")


def clip_curves(folder: Path) -> Iterator[tuple[str, list[Curve]]]:
    """(clip, its curves) from a run's frames.parquet, clip by clip, with a million rows in memory at a time.

    A clip's rows may stand anywhere in the file; the sooner its last row comes, the less is held back.
    """
    path = folder / "frames.parquet"
    if not path.exists():
        return
    with damage_told(path):
        file = pq.ParquetFile(path, read_dictionary=list(_KEYS))
        last = _last_groups(file)
        held: dict[str, list[Curve]] = {}
        for groups in _batches(file):
            for clip, curve in _curves(file.read_row_groups(groups, use_threads=False)):
                held.setdefault(clip, []).append(curve)
            for clip in [clip for clip in held if last[clip] <= groups[-1]]:
                yield clip, _joined(held.pop(clip))


def _batches(file: pq.ParquetFile) -> Iterator[list[int]]:
    """Row groups in turn, as many at a time as make a million rows."""
    groups: list[int] = []
    rows = 0
    for group in range(file.num_row_groups):
        groups.append(group)
        rows += file.metadata.row_group(group).num_rows
        if rows >= _ROWS:
            yield groups
            groups, rows = [], 0
    if groups:
        yield groups


def _last_groups(file: pq.ParquetFile) -> dict[str, int]:
    """Clip → the last row group that holds rows of it."""
    return {clip: group for group in range(file.num_row_groups) for clip in texts(file, group, "clip")}


def _curves(table: pa.Table) -> Iterator[tuple[str, Curve]]:
    """Runs of rows that share clip, setting and metric."""
    table = table.combine_chunks().unify_dictionaries()
    if len(table) == 0:
        return
    columns = [table.column(name).chunk(0) for name in _KEYS]
    codes = [column.indices.to_numpy() for column in columns]
    names: list[Sequence[str]] = [column.dictionary.to_pylist() for column in columns]
    frames, times, values = (table.column(name).to_numpy() for name in ("frame", "time", "value"))
    change = np.flatnonzero(np.logical_or.reduce([np.diff(code) != 0 for code in codes])) + 1
    if len(change) > len(table) // 4:
        # Written frame by frame: bring the curves together first.
        order = np.lexsort((frames, *reversed(codes)))
        codes = [code[order] for code in codes]
        frames, times, values = frames[order], times[order], values[order]
        change = np.flatnonzero(np.logical_or.reduce([np.diff(code) != 0 for code in codes])) + 1
    for start, end in zip([0, *change.tolist()], [*change.tolist(), len(table)], strict=True):
        clip, setting, metric = (names[i][codes[i][start]] for i in range(3))
        part = slice(start, end)
        yield clip, Curve(setting, metric, frames[part], times[part], values[part])


def _joined(parts: Sequence[Curve]) -> list[Curve]:
    """One curve a setting and metric, in frame order."""
    gathered: dict[tuple[str, str], list[Curve]] = {}
    for part in parts:
        gathered.setdefault((part.setting, part.metric), []).append(part)
    curves = []
    for (setting, metric), pieces in gathered.items():
        if len(pieces) == 1 and (np.diff(pieces[0].frames) >= 0).all():
            curves += pieces
            continue
        frames, times, values = (
            np.concatenate([getattr(piece, name) for piece in pieces]) for name in ("frames", "times", "values")
        )
        if (np.diff(frames) < 0).any():
            order = np.argsort(frames, kind="stable")
            frames, times, values = frames[order], times[order], values[order]
        curves.append(Curve(setting, metric, frames, times, values))
    return curves


def _base64(values: NDArray[np.float64]) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")
