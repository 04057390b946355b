"""Axes in a grid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def grid(
    count: int, *, width: float = 4.2, height: float = 2.8, across: int = 3, **shared: Any
) -> tuple[Figure, list[Axes]]:
    """A figure of `count` small plots; `shared` goes to `subplots`."""
    import matplotlib.pyplot as plt

    across = min(across, count)
    down = math.ceil(count / across)
    figure, axes = plt.subplots(
        down, across, figsize=(width * across, height * down), squeeze=False, layout="constrained", **shared
    )
    places = [place for row in axes for place in row]
    for place in places[count:]:
        place.set_axis_off()
    return figure, places[:count]
