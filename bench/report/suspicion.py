"""Results that cannot be right, said in red: a free view that does not turn the head, a run that was cut short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from bench.report.ranking import is_against_unrotated, is_free_view
from bench.report.run import Run
from bench.report.words import Words

SAME = 0.002
"""Relative difference below which a reconstruction error counts as unchanged by the turn of the head."""


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
