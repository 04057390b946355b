"""Smooth random fields for textures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Field = NDArray[np.floating[Any]]


def field(rng: np.random.Generator, shape: tuple[int, int], cells: float | tuple[float, float]) -> Field:
    """Value noise (H, W) with zero mean and unit deviation; `cells` is the number of bumps down and across."""
    down, across = cells if isinstance(cells, tuple) else (cells, cells)
    height, width = max(4, int(np.ceil(down)) + 3), max(4, int(np.ceil(across)) + 3)
    values = rng.standard_normal((height, width)).astype(np.float32)
    zoom = ((height - 3) * 1.0 / shape[0], (width - 3) * 1.0 / shape[1])
    rows = np.arange(shape[0], dtype=np.float32) * zoom[0] + 1
    columns = np.arange(shape[1], dtype=np.float32) * zoom[1] + 1
    result = _stretch(_stretch(values, rows, 0), columns, 1)
    return np.asarray((result - result.mean()) / (result.std() + 1e-6), dtype=np.float32)


def _stretch(values: Field, at: Field, axis: int) -> Field:
    """Smooth interpolation of `values` along one axis at fractional indices `at`."""
    low = np.clip(at.astype(np.int64), 0, values.shape[axis] - 2)
    t = (at - low).astype(np.float32)
    t = t * t * (3 - 2 * t)
    t = t[:, None] if axis == 0 else t[None, :]
    return np.asarray(np.take(values, low, axis) * (1 - t) + np.take(values, low + 1, axis) * t)


def clouds(rng: np.random.Generator, shape: tuple[int, int], cells: float, octaves: int = 4) -> Field:
    """Several octaves of `field`, unit deviation."""
    total = np.zeros(shape, dtype=np.float32)
    for octave in range(octaves):
        total += field(rng, shape, cells * 2**octave) * 0.55**octave
    return np.asarray(total / (total.std() + 1e-6), dtype=np.float32)


def grain(rng: np.random.Generator, shape: tuple[int, int], blur: float) -> Field:
    """White noise blurred by `blur` samples, unit deviation."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape).astype(np.float32), blur, mode="wrap")
    return np.asarray(noise / (noise.std() + 1e-6), dtype=np.float32)


def strands(rng: np.random.Generator, shape: tuple[int, int], across: float, along: float) -> Field:
    """Hair-like streaks that run down the rows, in [0, 1]: uniform by rank, so a threshold is a share of the area."""
    fine = ndimage.gaussian_filter(rng.standard_normal(shape).astype(np.float32), (along, across), mode="wrap")
    broad = ndimage.gaussian_filter(
        rng.standard_normal(shape).astype(np.float32), (along * 1.6, across * 5), mode="wrap"
    )
    mixed = fine / fine.std() + 0.8 * broad / broad.std()
    order = np.empty(mixed.size, dtype=np.float32)
    order[mixed.reshape(-1).argsort(kind="stable")] = np.linspace(0, 1, mixed.size, dtype=np.float32)
    return np.asarray(order.reshape(shape))
