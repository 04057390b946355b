"""Intervals, paired differences and their tests: honest about clustered clips and about few of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

FEW = 10
"""Below so many independent units an interval is a rough guess; tables say so."""

_EXACT = 12
"""Up to so many clusters the permutation test enumerates every flip of signs."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval of a mean: NaN bounds where fewer than two independent units leave it unknown.

    `n` finite values went into it, from `clusters` independent units (people, or the values themselves).
    """

    low: float
    high: float
    n: int
    clusters: int

    @property
    def few(self) -> bool:
        """Whether there are too few independent units to lean on the interval."""
        return self.clusters < FEW


@dataclass(frozen=True, slots=True)
class Difference:
    """Paired difference `second - first` over the clips that have a finite value on both sides.

    `p` is two-sided and not corrected for the number of comparisons (see `holm`); `smallest_p` is the least that so
    few clusters can give. `effect` is the mean difference over its standard deviation between clips (Cohen's d of
    paired values with Hedges' correction), `rising` the share of clips that rise, ties counted half.
    """

    mean: float
    interval: Interval
    p: float
    smallest_p: float
    effect: float
    rising: float


def interval(
    values: ArrayLike, clusters: Sequence[str | None] | None = None, *, level: float = 0.95, seed: int = 0
) -> Interval:
    """Bootstrap interval of the mean of `values` (N,), resampling whole clusters.

    Non-finite values are left out; `n` counts the others. `clusters` names the person behind each value; None is a
    unit of its own, and without `clusters` every value is. The bounds are percentiles of 4,000 resampled means
    (2,000 beyond a thousand clusters), at distances from the mean that are stretched as Student's interval is against
    the normal one and by sqrt(n / (n - 1)) for the bootstrap's own narrowness (Hesterberg 2015, "What teachers should
    know about the bootstrap", section 5.3, whose widened percentiles end at the extreme values: too early for fewer
    than ten). They depend on the values, the clusters and the seed alone, not on the order of the clips.
    """
    kept, labels = _finite(np.asarray(values, dtype=np.float64), clusters)
    sums, counts = _by_cluster(kept, labels)
    size = sums.size
    if size < 2:
        return Interval(math.nan, math.nan, kept.size, size)
    chosen = _resamples(size, seed)
    means = np.sort((chosen @ sums) / (chosen @ counts))
    tail, mean = (1 - level) / 2, sums.sum() / counts.sum()
    stretch = math.sqrt(size / (size - 1)) * float(special.stdtrit(size - 1, tail) / special.ndtri(tail))
    low, high = mean + stretch * (np.quantile(means, [tail, 1 - tail]) - mean)
    return Interval(float(low), float(high), kept.size, size)


def paired(
    first: ArrayLike,
    second: ArrayLike,
    clusters: Sequence[str | None] | None = None,
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Difference:
    """Difference `second - first` of two aligned arrays (N,), with interval, permutation test and effect size.

    The test flips the sign of whole clusters: all flips for up to 12 of them, else 10,000 drawn ones (2,000 beyond a
    thousand clusters), counted with the observed one so that p is never 0.
    """
    before, after = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        change = after - before
        # What rounding alone can make is no difference.
        rounding = np.abs(change) <= 1e-12 * np.maximum(np.abs(before), np.abs(after))
    change[rounding & np.isfinite(change)] = 0.0
    bounds = interval(change, clusters, level=level, seed=seed)
    kept, labels = _finite(change, clusters)
    if kept.size == 0:
        return Difference(math.nan, bounds, math.nan, math.nan, math.nan, math.nan)
    p, smallest = _permutation(_by_cluster(kept, labels)[0], seed)
    rising = float((kept > 0).mean() + (kept == 0).mean() / 2)
    return Difference(float(kept.mean()), bounds, p, smallest, _effect(kept), rising)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction (1979); NaN stays NaN and is not counted as a comparison."""
    p = np.asarray(p_values, dtype=np.float64)
    corrected = np.full(p.size, np.nan)
    order = [int(i) for i in np.argsort(p, kind="stable") if not math.isnan(p[i])]
    running = 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, float(p[i]) * (len(order) - rank)))
        corrected[i] = running
    return corrected.tolist()


def _finite(
    values: NDArray[np.float64], clusters: Sequence[str | None] | None
) -> tuple[NDArray[np.float64], list[str | None] | None]:
    if clusters is not None and len(clusters) != values.size:
        raise ValueError(f"{values.size} values but {len(clusters)} clusters")
    keep = np.isfinite(values)
    labels = None if clusters is None else [label for label, kept in zip(clusters, keep, strict=True) if kept]
    return values[keep], labels


def _by_cluster(
    values: NDArray[np.float64], labels: Sequence[str | None] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums and counts a cluster, in an order that does not depend on the order of the clips."""
    if labels is None or all(label is None for label in labels):
        return np.sort(values), np.ones(values.size)
    units = [("own", str(i)) if label is None else ("named", label) for i, label in enumerate(labels)]
    index = {unit: k for k, unit in enumerate(dict.fromkeys(units))}
    which = np.array([index[unit] for unit in units], dtype=np.intp)
    # Values are added smallest first, so that rounding does not depend on the order of the clips either.
    order = np.argsort(values, kind="stable")
    sums = np.bincount(which[order], weights=values[order], minlength=len(index)).astype(np.float64)
    counts = np.bincount(which, minlength=len(index)).astype(np.float64)
    arranged = np.lexsort((counts, sums))
    return sums[arranged], counts[arranged]


@lru_cache(maxsize=4)
def _resamples(size: int, seed: int) -> NDArray[np.float32]:
    """How often each of `size` clusters is drawn in each resample, (R, size)."""
    rounds = 4000 if size <= 1000 else 2000
    generator = np.random.default_rng([seed, size])
    chosen = np.empty((rounds, size), dtype=np.float32)
    for row in chosen:
        row[:] = np.bincount(generator.integers(0, size, size), minlength=size)
    return chosen


def _permutation(sums: NDArray[np.float64], seed: int) -> tuple[float, float]:
    """Two-sided p of the total under flipped signs, and the smallest p possible."""
    size = sums.size
    observed = abs(float(sums.sum()))
    # Sums in another order round differently; a tie must count as a tie.
    threshold = observed - 1e-12 * float(np.abs(sums).sum())
    if size <= _EXACT:
        flips = (np.arange(2**size)[:, None] >> np.arange(size)) & 1
        totals = np.abs((1 - 2 * flips) @ sums)
        return float((totals >= threshold).mean()), 2.0 ** (1 - size)
    flipped = _flips(size, seed)
    # A flipped total is the plain one minus twice the flipped part.
    totals = np.abs(float(sums.sum()) - 2 * (flipped @ sums))
    smallest = 1 / (len(totals) + 1)
    return (1 + int((totals >= threshold).sum())) * smallest, smallest


@lru_cache(maxsize=4)
def _flips(size: int, seed: int) -> NDArray[np.float32]:
    rounds = 10_000 if size <= 1000 else 2000
    generator = np.random.default_rng([seed, size, 1])
    return generator.integers(0, 2, (rounds, size), dtype=np.int8).astype(np.float32)


def _effect(change: NDArray[np.float64]) -> float:
    if change.size < 2:
        return math.nan
    spread = float(change.std(ddof=1))
    mean = float(change.mean())
    if spread <= 1e-9 * abs(mean):
        return 0.0 if mean == 0 else math.copysign(math.inf, mean)
    return mean / spread * (1 - 3 / (4 * (change.size - 1) - 1))
