"""Results that cannot be right, said in red: a free view that does not turn the head, a run that was cut short."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bench.report.tables.words import Words
from bench.results.frame_rows import rows_of, texts
from bench.results.run_folder import damage_told
from bench.results.run_results import Run
from bench.rows import GROUND_TRUTH, ORIGINAL, Row
from bench.settings import Setting

SAME = 0.002
"""Relative difference below which a reconstruction error counts as unchanged by the turn of the head."""


_POSE = "(^|_)(yaw|pitch|roll)$"
_AXES = ("yaw", "pitch", "roll")

TURN = 10.0
"""Degrees from the pose under `original` below which a requested angle is no turn worth judging: the face mesh errs by
up to half of it."""

QUARTER = 0.25
"""Share of the way to the requested angle that a head must go, by the median clip, to have turned."""

STILL = 1.0
"""Degrees from the pose under `original` below which a view leaves the pixels as they are."""

Poses = Mapping[tuple[str, str], Mapping[str, float]]
"""(name of a row, measured angle) → clip → mean over its frames."""


def alarms(runs: Sequence[Run], words: Words) -> list[str]:
    """One sentence for everything that looks wrong."""
    found = []
    for run in runs:
        done = sum(clip.status == "done" for clip in run.manifest.clips)
        if not run.manifest.complete:
            selected = run.manifest.suite.selected
            found.append(words("incomplete_alarm", label=run.label, done=done, selected=selected))
        measured = _mean_poses(run) if run.free_views else {}
        pixel = [m for m in run.manifest.metrics if m.per_frame and m.is_against_driving]
        for row, setting in run.free_views.items():
            if not _stays(row, setting, measured):
                original = {metric.label: run.values(ORIGINAL, metric.id) for metric in pixel}
                turned = {metric.label: run.values(row, metric.id) for metric in pixel}
                found += unmoved_alarm(run.label, row, original, turned, words)
            found += pose_alarms(run.label, row, setting, measured, words)
    return found


def unmoved_alarm(
    label: str,
    row: Row,
    original: Mapping[str, pd.Series[float]],
    turned: Mapping[str, pd.Series[float]],
    words: Words,
) -> list[str]:
    """The alarm for a free view that was never applied, or nothing.

    A head that turns changes every pixel metric against the unrotated reference. Where at least two of them stay
    within 0.2 % on every clip, the view was not applied.
    """
    same, clips = [], 0
    for metric, values in original.items():
        shared = values.index.intersection(turned[metric].index)
        first, second = values.loc[shared].to_numpy(), turned[metric].loc[shared].to_numpy()
        finite = np.isfinite(first) & np.isfinite(second)
        first, second = first[finite], second[finite]
        if first.size == 0:
            continue
        if (np.abs(first - second) > SAME * np.abs(first)).any():
            return []
        same.append(metric)
        clips = max(clips, int(first.size))
    if len(same) < 2:
        return []
    shown = words.row(row)
    joined = ", ".join(same)
    return [words("unmoved_alarm", label=label, setting=shown, metrics=joined, percent=f"{SAME:.1%}"[:-1], n=clips)]


def pose_alarms(label: str, row: Row, setting: Setting, measured: Poses, words: Words) -> list[str]:
    """An alarm for everybody who measured a pose that stays, in some angle, where it is under `original`.

    Poses are the per-frame values called yaw, pitch and roll, with the name of who measured them before it
    (`model_yaw`). An angle is judged by the clips that are to turn by ten degrees or more, if they are half of all or
    more: where the median of them goes less than a quarter of the way, the head did not turn.
    """
    found = []
    for by in dict.fromkeys(name.rpartition("_")[0] for _, name in measured):
        told = []
        for axis in _AXES:
            ways = _ways(row, setting, by, axis, measured)
            clips = [clip for clip, (start, asked, _) in ways.items() if abs(asked - start) >= TURN]
            gone = [(ways[clip][2] - ways[clip][0]) / (ways[clip][1] - ways[clip][0]) for clip in clips]
            if clips and 2 * len(clips) >= len(ways) and np.median(gone) < QUARTER:
                _, wanted, shown = (np.mean(each) for each in zip(*(ways[clip] for clip in clips), strict=True))
                key = "unmoved_angle" if len(clips) == len(ways) else "unmoved_angle_of_some"
                values = {"measured": f"{shown:.1f}", "requested": f"{wanted:.1f}".removesuffix(".0")}
                told.append(words(key, axis=words(axis), n=len(clips), all=len(ways), **values))
        if told:
            view, angles = words.row(row), words("between_angles").join(told)
            found.append(words("pose_alarm", label=label, setting=view, angles=angles, by=words.measurer(by)))
    return found


def _ways(row: Row, setting: Setting, by: str, axis: str, measured: Poses) -> dict[str, tuple[float, float, float]]:
    """Clip → where an angle was without the view, where it was to go, and where it went; nothing where it is driven.

    Without the setting `original`, the ground truth tells where it was.
    """
    angle, name = getattr(setting, axis), f"{by}_{axis}".removeprefix("_")
    if angle is None:
        return {}
    before = measured.get((ORIGINAL.name, name)) or measured.get((GROUND_TRUTH.name, name), {})
    after = measured.get((row.name, name), {})
    added = setting.mode == "relative"
    return {
        clip: (before[clip], angle + (before[clip] if added else 0.0), after[clip])
        for clip in after
        if clip in before and np.isfinite([before[clip], after[clip]]).all()
    }


def _stays(row: Row, setting: Setting, measured: Poses) -> bool:
    """Whether the view asks for the pose that the heads have already."""
    if setting.mode == "relative" and not any((setting.yaw, setting.pitch, setting.roll)):
        return True
    measurers = dict.fromkeys(name.rpartition("_")[0] for _, name in measured)
    ways = [_ways(row, setting, by, axis, measured) for by in measurers for axis in _AXES]
    turns = [abs(asked - start) for each in ways for start, asked, _ in each.values()]
    return bool(turns) and max(turns) < STILL


def _has_poses(path: Path) -> bool:
    """Whether some clip at the beginning, middle or end of the file has poses; they are for every clip or none."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        groups = file.num_row_groups
        for group in sorted({0, groups // 2, groups - 1} & set(range(groups))):
            if any(re.search(_POSE, name) for name in texts(file, group, "metric")):
                return True
    return False


def _mean_poses(run: Run) -> Poses:
    path = run.folder / "frames.parquet"
    with damage_told(path):
        if not path.is_file() or not _has_poses(path):
            return {}
    with damage_told(path):
        columns = ("clip", "setting", "metric", "value")
        rows = rows_of(path, columns, "metric", lambda name: re.search(_POSE, name) is not None).to_pandas()
    found: dict[tuple[str, str], dict[str, float]] = {}
    means = rows.groupby(["setting", "metric", "clip"], observed=True)["value"].mean()
    for (setting, name, clip), value in means.items():
        found.setdefault((setting, name), {})[clip] = float(value)
    return found
