"""Two sides compared clip by clip, and a verdict on every metric that noise does not turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from bench.gate.baseline import Side
from bench.gate.tolerances import Tolerance, Tolerances
from bench.gate.unmeasured import Unmeasured, may_be_missing, unmeasured
from bench.report.tables.ranking import closeness
from bench.report.tables.words import Words
from bench.results.comparable import Refusal, refuse_mixed
from bench.results.manifest import MetricRecord
from bench.results.statistics import interval
from bench.rows import GROUND_TRUTH, Row

if TYPE_CHECKING:
    from numpy.typing import NDArray

Verdict = Literal["worse", "unsure", "better", "same"]

_SINCE = Refusal(
    "{key} was '{first}' and is '{other}'",
    "run again under the old one, or make a new baseline with --update-baseline",
    "run again over the old ones, or make a new baseline with --update-baseline",
    "run again, or make a new baseline with --update-baseline where it is the one that lacked them",
)
_DRIFT = 1e-4
"""Relative change of a value that no model has a part in, beyond which the measurement itself has changed."""


@dataclass(frozen=True, slots=True)
class Change:
    """One clip on both sides, on the scale of display; NaN where a side has no value, and why."""

    clip: str
    before: float
    after: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one metric in one row.

    `change` is after minus before on the scale of display, [`low`, `high`] its 95 % interval over the `n` clips that
    have a finite value on both sides; `before` and `after` are their means, infinite where all clips are. `fallen` are
    the clips beyond the tolerance or without a value, the worst first, of the `compared` ones. `metric` is as it is
    judged (see `judged`).
    """

    row: Row
    metric: MetricRecord
    verdict: Verdict
    why: str
    tolerance: Tolerance
    before: float
    after: float
    change: float
    low: float
    high: float
    n: int
    compared: int
    fallen: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """All findings of a comparison, and what else to know."""

    before: str
    after: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    unmeasured: tuple[Unmeasured, ...] = ()

    def of(self, verdict: Verdict) -> list[Finding]:
        """The findings with that verdict."""
        return [finding for finding in self.findings if finding.verdict == verdict]


def judge(
    before: Side,
    after: Side,
    metrics: Sequence[MetricRecord],
    tolerances: Tolerances,
    *,
    every_clip: bool = True,
    allow_missing: Sequence[str] = (),
) -> Judgement:
    """Compare two sides. With `every_clip`, a clip that only `before` has counts as lost.

    `allow_missing` names metrics and settings (or `METRIC@SETTING`) that `after` need not have.

    Raises:
        BenchError: the two were made under different protocols, or a clip of both is not the same video.
    """
    rows = before.rows
    later = {
        name: {
            metric.id: metric
            for metric in metrics
            if metric.id in after.values.get(name, ()) or not may_be_missing(metric.id, name, allow_missing)
        }
        for name in after.rows
    }
    missing = unmeasured(before.values, later, rows, allow_missing)
    gone = {one.metric for one in missing} - {metric for columns in after.values.values() for metric in columns}
    refuse_other(before, after.without(gone))
    findings, notes = [], []
    for name, columns in before.values.items():
        row = rows[name]
        if name not in later:
            if not row.is_model:
                notes.append(f"{row}: not run this time")
            continue
        for record in map(later[name].get, columns):
            if record is None:
                continue
            if not row.is_model:
                notes += _drift(before, after, row, record)
            elif not record.is_against_unrotated(row):
                tolerance = tolerances.of(record, row)
                findings.append(_judge_one(before, after, row, record, tolerance, every_clip=every_clip))
    return Judgement(before.label, after.label, tuple(findings), (*notes, *_new(before, after)), missing)


def refuse_other(before: Side, after: Side) -> None:
    """Raise `BenchError` where the two were made under different protocols, or a clip of both is not the same video."""
    refuse_mixed((before, after), f"{before.label} and {after.label}", _SINCE)


def _new(before: Side, after: Side) -> list[str]:
    """What only `after` has, which is compared with nothing."""
    settings = {name: row for name, row in after.rows.items() if row.is_model}
    fresh = [
        f"{row}: not in {before.label}, and not compared" for name, row in settings.items() if name not in before.values
    ]
    metrics = dict.fromkeys(metric for name in settings for metric in after.values.get(name, {}))
    old = {metric for columns in before.values.values() for metric in columns}
    if new := [metric for metric in metrics if metric not in old]:
        fresh.append(f"not in {before.label}, and not compared: {', '.join(new)}")
    if clips := [clip for clip in after.clips or () if clip not in _clips(before)]:
        fresh.append(
            f"{len(clips)} clips are new and were not compared: {', '.join(clips[:5])}{'…' * (len(clips) > 5)}"
        )
    return fresh


def judged(metric: MetricRecord) -> MetricRecord:
    """The metric as the gate judges it: where values lie on both sides of the ideal, their distance from the truth."""
    if not metric.is_two_sided:
        return metric
    label = Words("en")("closeness", label=metric.label)
    return metric.model_copy(update={"label": label, "direction": "lower", "ideal": 0.0})


def _levels(side: Side, row: Row, metric: MetricRecord) -> dict[str, float]:
    """Clip → what is judged, on the scale of display: the value, or its distance from the clip's ground truth."""
    values = side.values.get(row.name, {}).get(metric.id, {})
    if not metric.is_two_sided:
        return {clip: value * metric.scale for clip, value in values.items()}
    assert metric.ideal is not None
    truth = side.values.get(GROUND_TRUTH.name, {}).get(metric.id, {})
    return {clip: closeness(value, truth.get(clip, metric.ideal)) * metric.scale for clip, value in values.items()}


def _judge_one(
    before: Side, after: Side, row: Row, metric: MetricRecord, tolerance: Tolerance, *, every_clip: bool
) -> Finding:
    old, new = (_levels(side, row, metric) for side in (before, after))
    metric = judged(metric)
    common = [clip for clip in old if clip in new]
    lost = [clip for clip in old if clip not in new and (every_clip or clip in (after.clips or ()))]
    first = np.array([old[clip] for clip in common], dtype=np.float64)
    second = np.array([new[clip] for clip in common], dtype=np.float64)
    finite = np.isfinite(first) & np.isfinite(second)
    # An infinite value that stays infinite has not changed; one that becomes finite has changed without measure.
    with np.errstate(invalid="ignore"):
        change = np.where(first == second, 0.0, second - first)
    gain = -np.abs(change) if metric.direction == "none" else change * (1 if metric.direction == "higher" else -1)
    mean_before, mean_after = _mean(first, finite), _mean(second, finite)
    limit = tolerance.limit(mean_before) if finite.any() else tolerance.amount * (not tolerance.percent)
    # Baselines keep seven digits: what rounding can make is no fall.
    beyond = limit + 1e-6 * np.abs(np.where(np.isfinite(first), first, 0.0))
    fallen = [Change(common[i], float(first[i]), float(second[i])) for i in np.argsort(gain) if gain[i] < -beyond[i]]
    gone = [_lost(clip, old[clip], row, metric.id, after) for clip in lost]
    kept = [clip for clip, is_finite in zip(common, finite, strict=True) if is_finite]
    low, high, few = _bounds(change[finite], [before.people.get(clip) for clip in kept])
    mean = float(change[finite].mean()) if finite.any() else math.nan
    broken = [i for i in np.flatnonzero(~finite) if gain[i] == -math.inf]
    verdict, why = _verdict(metric, mean, low, high, limit, few=few)
    if gone or broken:
        verdict = "worse"
        why = f"clips without a value now: {len(gone)}" if gone else _turned(second[broken])
    elif common and not finite.any():
        risen = second[gain == math.inf]
        verdict, why = ("better", _turned(risen)) if risen.size else ("same", "infinite before and after")
    numbers = (mean_before, mean_after, mean, low, high, len(kept), len(old) if every_clip else len(common) + len(lost))
    return Finding(row, metric, verdict, why, tolerance, *numbers, fallen=(*gone, *fallen))


def _turned(after: NDArray[np.float64]) -> str:
    """In words, what became of clips that are infinite on one side only."""
    now = int(np.isinf(after).sum())
    counts = {"clips infinite now": now, "clips no longer infinite": len(after) - now}
    return ", ".join(f"{what}: {count}" for what, count in counts.items() if count)


def _mean(values: NDArray[np.float64], finite: NDArray[np.bool_]) -> float:
    """Mean over the pairs that are finite; over all values where no pair is."""
    chosen = values[finite] if finite.any() else values
    return float(chosen.mean()) if chosen.size else math.nan


def _bounds(change: NDArray[np.float64], people: list[str | None]) -> tuple[float, float, str]:
    bounds = interval(change, people)
    if math.isnan(bounds.low) and bounds.n > 1:
        # One person alone: clips vary less than people do, but they are all there is.
        bounds = interval(change)
        return bounds.low, bounds.high, "one person only"
    return bounds.low, bounds.high, "" if bounds.n > 1 else "one clip only" if bounds.n else "no clip in common"


def _verdict(
    metric: MetricRecord, mean: float, low: float, high: float, limit: float, *, few: str
) -> tuple[Verdict, str]:
    """Worse or better where the whole interval lies beyond the tolerance, the same where it lies within it."""
    slack = limit + 1e-6 * abs(mean) + 1e-12
    if math.isnan(low):
        return ("same", few) if abs(mean) <= slack else ("unsure", few or "no interval")
    if -slack <= low and high <= slack:
        return "same", few
    rises, falls = low > limit, high < -limit
    if metric.direction == "none":
        return ("worse", "moved beyond the tolerance") if rises or falls else ("unsure", few or _CROSSES)
    if rises or falls:
        good = rises == (metric.direction == "higher")
        return ("better", "rises beyond the tolerance") if good else ("worse", "falls beyond the tolerance")
    return "unsure", few or _CROSSES


_CROSSES = "the interval crosses the tolerance"


def _lost(clip: str, before: float, row: Row, metric: str, after: Side) -> Change:
    reason = (after.reasons or {}).get((clip, row.name, metric), "")
    known = after.clips is None or clip in after.clips
    return Change(clip, before, math.nan, reason or ("the clip failed" if known else "the clip was not run"))


def _drift(before: Side, after: Side, row: Row, metric: MetricRecord) -> list[str]:
    """A row that no model touches has moved: the measurement changed, or the clips did."""
    old, new = before.values[row.name][metric.id], after.values.get(row.name, {}).get(metric.id, {})
    moved = [
        clip
        for clip, value in old.items()
        if clip in new and value != new[clip] and not abs(value - new[clip]) <= _DRIFT * max(abs(value), 1e-3)
    ]
    if not moved:
        return []
    return [f"{row}, {metric.label}: {len(moved)} clips moved, which no model can do: clips or measurement changed"]


def _clips(side: Side) -> set[str]:
    return {clip for columns in side.values.values() for clips in columns.values() for clip in clips}
