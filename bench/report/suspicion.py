"""Results that cannot be right, said in red: a free view that does not turn the head, a run that was cut short."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bench.plan import GROUND_TRUTH
from bench.report.ranking import is_against_unrotated, is_free_view
from bench.report.run import Run
from bench.report.words import Words
from bench.settings import Setting

SAME = 0.002
"""Relative difference below which a reconstruction error counts as unchanged by the turn of the head."""


_POSE = "(^|_)(yaw|pitch|roll)$"

TURN = 5.0
"""Degrees from the pose under `original` below which a requested angle is no turn worth judging."""

QUARTER = 0.25
"""Share of the way to the requested angle that a head must go, by the median clip, to have turned."""


def alarms(runs: Sequence[Run], words: Words) -> list[str]:
    """One sentence for everything that looks wrong."""
    found = []
    for run in runs:
        done = sum(clip.status == "done" for clip in run.manifest.clips)
        if not run.manifest.complete:
            selected = run.manifest.suite.selected
            found.append(words("incomplete_alarm", label=run.label, done=done, selected=selected))
        pixel = [m for m in run.manifest.metrics if m.per_frame and is_against_unrotated(m, "free-view:0,0,0")]
        for setting in filter(is_free_view, run.settings):
            original = {metric.label: run.values("original", metric.id) for metric in pixel}
            turned = {metric.label: run.values(setting, metric.id) for metric in pixel}
            found += unmoved_alarm(run.label, setting, original, turned, words)
        found += pose_alarms(run, words)
    return found


def unmoved_alarm(
    label: str,
    setting: str,
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
    shown = words.setting(setting)
    joined = ", ".join(same)
    return [words("unmoved_alarm", label=label, setting=shown, metrics=joined, percent=f"{SAME:.1%}"[:-1], n=clips)]


def pose_alarms(run: Run, words: Words) -> list[str]:
    """An alarm for every free view whose measured pose stays where it is under `original`, in some angle.

    Where `original` was not run, the ground truth's pose stands for it. Poses are the per-frame values called yaw,
    pitch and roll, with the name of who measured them before it (`model_yaw`). A head that goes less than a quarter of
    the way, by the median clip, did not turn.
    """
    views = {text: Setting.parse(text) for text in run.settings if is_free_view(text)}
    measured = _mean_poses(run) if views else {}
    measurers = dict.fromkeys(name.rpartition("_")[0] for _, name in measured)
    found = []
    for text, setting in views.items():
        for by in measurers:
            told = []
            for axis in ("yaw", "pitch", "roll"):
                name = f"{by}_{axis}".removeprefix("_")
                start = measured.get(("original", name)) or measured.get((GROUND_TRUTH, name), {})
                told += _unmoved_angle(axis, setting, start, measured.get((text, name), {}), words)
            if told:
                label, view = run.label, words.setting(text)
                found.append(
                    words("pose_alarm", label=label, setting=view, angles=", ".join(told), by=words.measurer(by))
                )
    return found


def _unmoved_angle(
    axis: str, setting: Setting, start: Mapping[str, float], means: Mapping[str, float], words: Words
) -> list[str]:
    """What to say of an angle, by clip before and under the setting, that did not go where it should; or nothing."""
    angle = getattr(setting, axis)
    if angle is None:
        return []
    added = setting.mode == "relative"
    asked = {clip: angle + (start[clip] if added else 0.0) for clip in means if clip in start}
    clips = [clip for clip in asked if abs(asked[clip] - start[clip]) >= TURN]
    way = [(means[clip] - start[clip]) / (asked[clip] - start[clip]) for clip in clips]
    if not way or np.median(way) >= QUARTER:
        return []
    shown, wanted = (float(np.mean([of[clip] for clip in clips])) for of in (means, asked))
    requested = f"{wanted:.1f}" if added else f"{angle:g}"
    return [words("unmoved_angle", axis=words(axis), measured=f"{shown:.1f}", requested=requested)]


def _has_poses(path: Path) -> bool:
    """Whether some clip at the beginning, middle or end of the file has poses; they are for every clip or none."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        groups = file.num_row_groups
        for group in sorted({0, groups // 2, groups - 1} & set(range(groups))):
            names = file.read_row_group(group, columns=["metric"]).column("metric").unique().to_pylist()
            if any(re.search(_POSE, name) for name in names):
                return True
    return False


def _mean_poses(run: Run) -> dict[tuple[str, str], dict[str, float]]:
    """(setting, measured angle) → clip → mean over its frames."""
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    path = run.folder / "frames.parquet"
    if not path.is_file() or not _has_poses(path):
        return {}
    is_pose = pc.match_substring_regex(pc.field("metric").cast("string"), _POSE)
    rows = ds.dataset(path).to_table(columns=["clip", "setting", "metric", "value"], filter=is_pose).to_pandas()
    found: dict[tuple[str, str], dict[str, float]] = {}
    means = rows.groupby(["setting", "metric", "clip"], observed=True)["value"].mean()
    for (setting, name, clip), value in means.items():
        found.setdefault((setting, name), {})[clip] = float(value)
    return found
