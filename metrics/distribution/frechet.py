"""Fréchet distance between two Gaussians."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def frechet_distance(mean: Floats, factor: Floats, other_mean: Floats, other_factor: Floats) -> float:
    """Squared Fréchet distance of two Gaussians given by means (d,) and factors F (k, d) of their covariances FᵀF.

    |μ₁ - μ₂|² + tr Σ₁ + tr Σ₂ - 2 tr (Σ₁Σ₂)^½ (Dowson and Landau 1982). With factors, tr (Σ₁Σ₂)^½ is the sum of the
    singular values of F₁F₂ᵀ: exact for rank-deficient covariances, where the usual matrix square root is off by 1e-5
    and may turn complex, and small whenever one side has few frames. Never negative.
    """
    difference = mean - other_mean
    cross = np.linalg.svd(factor @ other_factor.T, compute_uv=False).sum()
    value = difference @ difference + np.square(factor).sum() + np.square(other_factor).sum() - 2.0 * cross
    return max(float(value), 0.0)
