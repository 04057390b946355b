"""The suite's values: means over clips, means over frames, pooled values, and what was left out."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.outcome import Outcome
from bench.results.manifest import ClipRecord
from bench.results.run_folder import SUMMARY_COLUMNS
from bench.results.statistics import interval
from bench.rows import Row

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One metric under one setting; the fields are SUMMARY_COLUMNS (bench/results/run_folder.py)."""

    setting: str
    metric: str
    mean: float
    low: float
    high: float
    n: int
    skipped: int
    failed: int
    infinite: int
    frame_mean: float
    frames: int
    pooled: float
    pooled_n: int
    infinite_frames: int


def summarise(
    clips: pd.DataFrame,
    *,
    persons: Mapping[str, str | None],
    pooled: Mapping[str, Mapping[str, Outcome]],
    seed: int = 0,
) -> list[SummaryRow]:
    """Summarise the rows of clips.csv, in the order in which settings and metrics first come.

    Args:
        clips: clips.csv as `run_folder.read_clips` gives it.
        persons: clip → person, to cluster the interval by; None where unknown.
        pooled: row → metric → outcome over the whole suite, where there is one.
        seed: of the bootstrap.
    """
    rows = []
    for (setting, metric), group in clips.groupby(["setting", "metric"], sort=False):
        outcome = pooled.get(str(setting), {}).get(str(metric))
        rows.append(_row(str(setting), str(metric), group, persons, outcome, seed))
    return rows


def _row(
    setting: str,
    metric: str,
    group: pd.DataFrame,
    persons: Mapping[str, str | None],
    pooled: Outcome | None,
    seed: int,
) -> SummaryRow:
    scored = group[group["status"] == "value"]
    values = scored["value"].to_numpy(dtype=np.float64)
    finite = np.isfinite(values)
    mean = float(values[finite].mean()) if finite.any() else (float(values[0]) if len(values) else math.nan)
    clips = scored["clip"].to_numpy()[finite]
    bounds = interval(values[finite], [persons.get(str(clip)) for clip in clips], seed=seed)
    # A clip's value is the mean over its finite frames, so frame sums come back exactly enough from it.
    weights = (scored["n"] - scored["infinite"]).to_numpy(dtype=np.float64)[finite]
    frames = float(weights.sum())
    return SummaryRow(
        setting=setting,
        metric=metric,
        mean=mean,
        low=bounds.low,
        high=bounds.high,
        n=int(finite.sum()),
        skipped=int((group["status"] == "skipped").sum()),
        failed=int((group["status"] == "failed").sum()),
        infinite=int((~finite).sum()),
        frame_mean=float((values[finite] * weights).sum() / frames) if frames else mean,
        frames=int(frames),
        pooled=pooled.value if pooled is not None else math.nan,
        pooled_n=pooled.n if pooled is not None else 0,
        infinite_frames=int(scored["infinite"].sum()),
    )


def failures(records: Sequence[ClipRecord], clips: pd.DataFrame, rows: Sequence[Row]) -> list[str]:
    """Clips that in some row that is the model's have no value, and a failure among their outcomes."""
    mine = clips[clips["setting"].isin([row.name for row in rows if row.is_model])]
    places = [mine["clip"], mine["setting"]]
    failed, valued = (mine["status"].eq(status).groupby(places).any() for status in ("failed", "value"))
    # Metrics that were skipped before the first frame (no sound, no weights) say nothing of the prediction.
    lost = {str(clip) for clip, _ in failed[failed & ~valued].index}
    return [record.id for record in records if record.status == "failed" or record.id in lost]


def to_csv(rows: list[SummaryRow]) -> str:
    """summary.csv as text; what is not a number is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(SUMMARY_COLUMNS)
    for row in rows:
        writer.writerow("" if isinstance(cell, float) and math.isnan(cell) else cell for cell in astuple(row))
    return text.getvalue()
