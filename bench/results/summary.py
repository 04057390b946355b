"""The suite's values: means over clips, means over frames, pooled values, and what was left out."""

from __future__ import annotations

import csv
import io
import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from bench.outcome import Outcome
from bench.results.clip_result import ClipResult
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


@dataclass(slots=True)
class _Column:
    """What the clips have of one metric under one setting: of each value three numbers, of the rest a count."""

    values: array[float] = field(default_factory=lambda: array("d"))
    frames: array[float] = field(default_factory=lambda: array("d"))
    """Behind each value, without those of infinite value."""
    persons: list[str | None] = field(default_factory=list)
    skipped: int = 0
    failed: int = 0
    infinite_frames: int = 0

    def add(self, outcome: Outcome, person: str | None) -> None:
        if outcome.status == "value":
            self.values.append(outcome.value)
            self.frames.append(outcome.n - outcome.infinite)
            self.persons.append(person)
            self.infinite_frames += outcome.infinite
        elif outcome.status == "skipped":
            self.skipped += 1
        else:
            self.failed += 1


@dataclass(slots=True)
class Tally:
    """The suite's values as clips come, in the suite's order; what it keeps of a clip are a few numbers."""

    columns: dict[tuple[str, str], _Column] = field(default_factory=dict)

    def add(self, result: ClipResult) -> None:
        """Take in a clip."""
        for setting, outcomes in result.outcomes.items():
            for metric, outcome in outcomes.items():
                self.columns.setdefault((setting, metric), _Column()).add(outcome, result.record.person)

    def rows(self, pooled: Mapping[str, Mapping[str, Outcome]], *, seed: int = 0) -> list[SummaryRow]:
        """The rows of summary.csv, in the order in which settings and metrics first came.

        Intervals are clustered by person where persons are known.

        Args:
            pooled: row → metric → outcome over the whole suite, where there is one.
            seed: of the bootstrap.
        """
        return [
            _row(setting, metric, column, pooled.get(setting, {}).get(metric), seed)
            for (setting, metric), column in self.columns.items()
        ]


def _row(setting: str, metric: str, column: _Column, pooled: Outcome | None, seed: int) -> SummaryRow:
    values = np.array(column.values, dtype=np.float64)
    finite = np.isfinite(values)
    mean = float(values[finite].mean()) if finite.any() else (float(values[0]) if len(values) else math.nan)
    persons = [person for person, is_finite in zip(column.persons, finite, strict=True) if is_finite]
    bounds = interval(values[finite], persons, seed=seed)
    # A clip's value is the mean over its finite frames, so frame sums come back exactly enough from it.
    weights = np.array(column.frames, dtype=np.float64)[finite]
    frames = float(weights.sum())
    return SummaryRow(
        setting=setting,
        metric=metric,
        mean=mean,
        low=bounds.low,
        high=bounds.high,
        n=int(finite.sum()),
        skipped=column.skipped,
        failed=column.failed,
        infinite=int((~finite).sum()),
        frame_mean=float((values[finite] * weights).sum() / frames) if frames else mean,
        frames=int(frames),
        pooled=pooled.value if pooled is not None else math.nan,
        pooled_n=pooled.n if pooled is not None else 0,
        infinite_frames=column.infinite_frames,
    )


def has_failed(result: ClipResult, rows: Sequence[Row]) -> bool:
    """Whether a clip in some row that is the model's has no value, and a failure among its outcomes.

    Metrics that were skipped before the first frame (no sound, no weights) say nothing of the prediction.
    """
    mine = [result.outcomes.get(row.name, {}).values() for row in rows if row.is_model]
    statuses = [{outcome.status for outcome in outcomes} for outcomes in mine]
    return result.record.status == "failed" or any("failed" in found and "value" not in found for found in statuses)


def failures(records: Sequence[ClipRecord], clips: pd.DataFrame, rows: Sequence[Row]) -> list[str]:
    """The clips of clips.csv of which `has_failed` is true."""
    mine = clips[clips["setting"].isin([row.name for row in rows if row.is_model])]
    places = [mine["clip"], mine["setting"]]
    failed, valued = (mine["status"].eq(status).groupby(places).any() for status in ("failed", "value"))
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
