"""Mean and covariance of features that stream by, in a form that loses no digits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from metrics.distribution.shared_arrays import digest, one_copy

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Moments:
    """Count, mean and covariance of the rows that were added, each (d,).

    Up to `d` rows are kept as they are. More are folded into a triangular factor R with RᵀR = Σ (x - μ)(x - μ)ᵀ, so
    that memory stops growing at d × d. A factor instead of the covariance itself keeps all digits of small variances,
    whose square roots FID is made of: in any order and grouping, the distance agrees to about 1e-12.
    """

    dimensions: int
    rows: list[NDArray[np.float32]] = field(default_factory=list)
    folded: int = 0
    folded_mean: Floats = field(default_factory=lambda: np.zeros(0))
    folded_factor: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    key: bytes = field(init=False, repr=False)
    """Of all that was folded: moments that have folded the same share their factor."""

    def __post_init__(self) -> None:
        self.key = digest(b"", np.array(self.folded), self.folded_mean, self.folded_factor)

    def __len__(self) -> int:
        return self.folded + sum(len(rows) for rows in self.rows)

    def add(self, rows: NDArray[np.float32]) -> None:
        """Take in rows (n, d)."""
        assert rows.ndim == 2
        assert rows.shape[1] == self.dimensions
        self.rows.append(rows)
        if sum(len(part) for part in self.rows) > self.dimensions:
            self._fold()

    def merge(self, other: Moments) -> None:
        """Take in everything that `other` has taken in."""
        if other.folded:
            self._combine(other.folded, other.folded_mean, other.folded_factor, digest(self.key + other.key))
        for rows in other.rows:
            self.add(rows)

    def mean_and_factor(self) -> tuple[Floats, Floats]:
        """The mean (d,) and a factor F (k, d) of the sample covariance: FᵀF = cov with n - 1.

        Needs two rows or more.
        """
        count = len(self)
        assert count >= 2
        if self.folded:
            self._fold()
            mean, factor = self.folded_mean, self.folded_factor
        else:
            mean, factor = _centred(self.rows)
        return mean, factor / np.sqrt(count - 1)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state as plain arrays: the rows with the sizes of the groups they came in, and what is folded."""
        return {
            "rows": np.concatenate([np.empty((0, self.dimensions), np.float32), *self.rows]),
            "sizes": np.array([len(rows) for rows in self.rows], np.int64),
            "folded": np.array(self.folded),
            "folded_mean": self.folded_mean,
            # Only the triangle is information.
            "folded_factor": self.folded_factor[np.triu_indices(len(self.folded_factor))],
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """What `to_arrays` gave: moments that go on as those would, to the last bit."""
        rows, sizes, triangle = arrays["rows"], arrays["sizes"], arrays["folded_factor"]
        groups = np.split(rows, np.cumsum(sizes)[:-1]) if len(sizes) else []
        dimensions = len(arrays["folded_mean"])

        def factor() -> Floats:
            found = np.zeros((dimensions, dimensions))
            found[np.triu_indices(dimensions)] = triangle
            return found

        key = digest(b"triangle", triangle)
        return cls(rows.shape[1], groups, int(arrays["folded"]), arrays["folded_mean"], one_copy(key, factor))

    def _fold(self) -> None:
        if self.rows:
            count = sum(len(rows) for rows in self.rows)
            mean, factor = _centred(self.rows)
            key = digest(self.key, *self.rows)
            self.rows.clear()
            self._combine(count, mean, factor, key)

    def _combine(self, count: int, mean: Floats, factor: Floats, key: bytes) -> None:
        """Fold in a group of `count` rows with this mean, whose centred rows have the factor `factor`.

        The scatter of two groups is the sum of their scatters and n m / (n + m) of the means' difference squared
        (Chan, Golub, LeVeque 1983); stacking factors adds scatters.
        """
        if self.folded:
            total = self.folded + count
            step = mean - self.folded_mean
            between = np.sqrt(self.folded * count / total) * step
            factor = np.concatenate([self.folded_factor, factor, between[None]])
            mean = self.folded_mean + step * (count / total)
            count = total
        if len(factor) < self.dimensions:  # keeps the triangle square
            factor = np.concatenate([factor, np.zeros((self.dimensions - len(factor), self.dimensions))])
        self.folded, self.folded_mean, self.key = count, mean, key
        self.folded_factor = one_copy(key, lambda: np.asarray(np.linalg.qr(factor, mode="r")))


def _centred(rows: list[NDArray[np.float32]]) -> tuple[Floats, Floats]:
    exact = np.concatenate(rows).astype(np.float64)
    mean = exact.mean(0)
    exact -= mean
    return mean, exact
