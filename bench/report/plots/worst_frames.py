"""Which frames of a clip to look at: the worst ones, spread over the clip, and evenly spaced ones."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray


def worst_frames(
    values: NDArray[np.float64], direction: Literal["higher", "lower", "none"], *, count: int = 3
) -> list[int]:
    """At most `count` frames with the worst finite values, no two within a twentieth of the clip; worst first."""
    if direction == "none":
        return []
    frames = np.flatnonzero(np.isfinite(values))
    order = frames[np.argsort(values[frames] if direction == "higher" else -values[frames], kind="stable")]
    if not order.size or values[order[0]] == values[order[-1]]:
        return []  # none is worse than the others
    found: list[int] = []
    for frame in order.tolist():
        if len(found) == count:
            break
        if all(abs(frame - other) > len(values) / 20 for other in found):
            found.append(frame)
    return found


def even_frames(length: int, count: int) -> list[int]:
    """`count` frames spread evenly over a clip, first and last included."""
    return sorted({round(at) for at in np.linspace(0, length - 1, min(count, length)).tolist()})
