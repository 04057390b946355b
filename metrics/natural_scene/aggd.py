"""Asymmetric generalised Gaussian distributions: fitting them to many samples at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import gamma
from torch import Tensor

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """What a fit needs to know of samples: (…) float64 each, of the values below and above zero.

    `size` counts all values of a sample, zeros too.
    """

    left_sum: FloatArray
    left_square: FloatArray
    left_count: FloatArray
    right_sum: FloatArray
    right_square: FloatArray
    right_count: FloatArray
    size: FloatArray

    @classmethod
    def of(cls, sums: FloatArray) -> Sides:
        """From sums (…, 7) as `sums` makes them."""
        return cls(*np.moveaxis(sums, -1, 0))


def sums(values: Tensor) -> Tensor:
    """values: (N, M) float64 → (N, 7): sum, sum of squares and count of either side of zero, and M."""
    columns = []
    for side in (values.clamp(max=0.0), values.clamp(min=0.0)):
        count = side.sign().sum(dim=1).abs()  # three times as fast as counting
        columns += [side.sum(dim=1), torch.linalg.vecdot(side, side), count]
    return torch.stack([*columns, torch.full_like(columns[0], values.shape[1])], dim=1)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Parameters of fitted distributions, (…) float64 each; NaN where a side of zero has no values.

    `shape` is α; `left`, `right` are the scales βl, βr of either side; `mean` is the mean that follows from them.
    """

    shape: FloatArray
    left: FloatArray
    right: FloatArray
    mean: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """The grid of shapes α on which the moment ratio is inverted, with the gamma functions that each needs.

    Reference implementations search a grid of step 0.001 from 0.2 for the ratio nearest to the sample's; so does this,
    by bisection, as the ratio grows with α.
    """

    stop: float
    alpha: FloatArray = field(init=False)
    _ratio: FloatArray = field(init=False)
    _scale: FloatArray = field(init=False)
    _mean: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        alpha = np.arange(0.2, self.stop, 0.001)
        one, two, three = (gamma(k / alpha) for k in (1, 2, 3))
        object.__setattr__(self, "alpha", alpha)
        object.__setattr__(self, "_ratio", two**2 / (one * three))
        object.__setattr__(self, "_scale", np.sqrt(one / three))
        object.__setattr__(self, "_mean", two / one)

    def nearest(self, ratio: FloatArray) -> NDArray[np.intp]:
        """Index of the nearest ratio: the lower of two equally near, 0 for NaN, as a search for the least gives."""
        above = np.searchsorted(self._ratio, ratio).clip(1, len(self._ratio) - 1)
        lower = np.abs(self._ratio[above - 1] - ratio) <= np.abs(self._ratio[above] - ratio)
        return np.where(np.isnan(ratio), 0, above - lower)

    def fit(self, sides: Sides, *, zeros_are_right: bool) -> Fit:
        """Fit by moments (Lasmar, Stitou, Berthoumieu 2009).

        `zeros_are_right` counts values of exactly zero among the right side's (scikit-video), and a side without values
        as one of no width; otherwise zeros are on neither side, and a side without values gives NaN (LIVE's release).
        """
        right_count = sides.size - sides.left_count if zeros_are_right else sides.right_count
        with np.errstate(divide="ignore", invalid="ignore"):
            left, right = np.sqrt(sides.left_square / sides.left_count), np.sqrt(sides.right_square / right_count)
            if zeros_are_right:
                left, right = np.nan_to_num(left), np.nan_to_num(right)
            balance = left / right
            peak = ((sides.right_sum - sides.left_sum) / sides.size) ** 2
            peak /= (sides.left_square + sides.right_square) / sides.size
            ratio = peak * (balance**3 + 1) * (balance + 1) / (balance**2 + 1) ** 2
        index = self.nearest(ratio)
        left, right = left * self._scale[index], right * self._scale[index]
        return Fit(self.alpha[index], left, right, (right - left) * self._mean[index])
