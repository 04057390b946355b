"""What one clip gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.outcome import Outcome, Pool
from bench.results.manifest import ClipRecord


@dataclass(frozen=True, slots=True, eq=False)
class ClipResult:
    """Everything that one clip gave; plain data that travels between processes and into files.

    Rows stand in it by the names that files have for them.
    """

    record: ClipRecord
    outcomes: Mapping[str, Mapping[str, Outcome]]
    """Name of a row → metric id → outcome."""
    times: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """Seconds of each frame from the clip's start."""
    measured: Mapping[str, Mapping[str, NDArray[np.float64]]] = field(default_factory=dict)
    """Name of a row → name → what the model measured of itself, a value for every frame."""
    pools: Mapping[str, Mapping[str, Pool]] = field(default_factory=dict)
    """Name of a row → metric id → its share of the suite-wide value."""
