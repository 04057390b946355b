"""The transforms of minimal filtering (Toom, Cook, Winograd): of signals, filters and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import torch
from torch import Tensor

POINTS: Final = tuple(Fraction(point) for point in ("0", "1", "-1", "2", "-2", "1/2", "-1/2"))
"""In this order they keep rounding errors smallest (Barabasz et al. 2020, arXiv 1803.10986)."""


@dataclass(frozen=True, slots=True, eq=False)
class Transforms:
    """F(outputs, taps): correlations y of a signal x with a filter g, y_i = sum_k x_{i+k} g_k.

    y = A ((G g) * (B x)), with * element by element: n = outputs + taps - 1 products instead of outputs · taps. All
    matrices are float64. Source: Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016, with
    the point at infinity as the last row.
    """

    of_outputs: Tensor
    """A, (outputs, n)."""
    of_filter: Tensor
    """G, (n, taps)."""
    of_signal: Tensor
    """B, (n, n)."""
    unit: int
    """The row of the point 1: its product is in every output once, so that what is added to it is added to all."""

    def kernels(self, weight: Tensor) -> Tensor:
        """Square filters (K, C, taps, taps), transformed along both axes: (n², C, K) float64."""
        g = self.of_filter
        return torch.einsum("pi,qj,kcij->pqck", g, g, weight.detach().double()).flatten(0, 1)

    @property
    def centre(self) -> int:
        """Among the n² products of two axes, the one that is in every output once."""
        return self.unit * (len(self.of_signal) + 1)


def transforms(outputs: int, taps: int) -> Transforms:
    """F(outputs, taps) at the first of `POINTS`."""
    points = POINTS[: outputs + taps - 2]
    return Transforms(*matrices(outputs, taps, points), unit=points.index(Fraction(1)))


def tiles(length: int, outputs: int, taps: int, padding: int) -> tuple[int, int]:
    """How many tiles of `outputs` cover the outputs of a line, and the zeros behind it that make its last tile whole.

    The line has `length` values and `padding` zeros before it and behind it.
    """
    count = -(-(length + 2 * padding - taps + 1) // outputs)
    return count, count * outputs + taps - 1 - length - padding


def matrices(outputs: int, taps: int, points: Sequence[Fraction]) -> tuple[Tensor, Tensor, Tensor]:
    """A, G and B of `Transforms`, computed without rounding from outputs + taps - 2 points."""
    n = outputs + taps - 1
    if len(points) != n - 1 or len(set(points)) != n - 1:
        raise ValueError(f"F({outputs}, {taps}) wants {n - 1} different points")
    last = [Fraction(int(i == outputs - 1)) for i in range(outputs)]
    a = [[point**i for point in points] + [last[i]] for i in range(outputs)]
    g, b = [], []
    for j, point in enumerate(points):
        others = [other for k, other in enumerate(points) if k != j]
        scale = Fraction(1)
        for other in others:
            scale *= point - other
        g.append([point**i / scale for i in range(taps)])
        b.append([*_polynomial(others), Fraction(0)])
    g.append([Fraction(int(i == taps - 1)) for i in range(taps)])
    b.append(_polynomial(points))
    return _tensor(a), _tensor(g), _tensor(b)


def _polynomial(roots: Sequence[Fraction]) -> list[Fraction]:
    """Coefficients, lowest first, of the product of (x - root)."""
    coefficients = [Fraction(1)]
    for root in roots:
        shifted = [Fraction(0), *coefficients]
        scaled = [-root * c for c in coefficients] + [Fraction(0)]
        coefficients = [x + y for x, y in zip(shifted, scaled, strict=True)]
    return coefficients


def _tensor(rows: list[list[Fraction]]) -> Tensor:
    return torch.tensor([[float(value) for value in row] for row in rows], dtype=torch.float64)
