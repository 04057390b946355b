"""Minimal filtering (Toom, Cook, Winograd): a run of convolution outputs with fewer multiplications."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import torch
from torch import Tensor


def matrices(outputs: int, taps: int, points: Sequence[Fraction]) -> tuple[Tensor, Tensor, Tensor]:
    """The matrices A, G, B of F(outputs, taps), float64, computed without rounding from outputs + taps - 2 points.

    `outputs` correlations of a signal x with a filter g of `taps` taps, y_i = sum_k x_{i+k} g_k, are
    y = A ((G g) * (B x)), with * element by element: outputs + taps - 1 products instead of outputs · taps.
    A is (outputs, n), G (n, taps), B (n, n), n = outputs + taps - 1. Source: Lavin and Gray, "Fast algorithms for
    convolutional neural networks", CVPR 2016, with the point at infinity as the last row.
    """
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
