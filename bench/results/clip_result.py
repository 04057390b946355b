"""What one clip gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.errors import Transient
from bench.outcome import Outcome, Pool
from bench.results.manifest import ClipRecord
from bench.rows import Row


def transient_in(outcomes: Mapping[str, Mapping[str, Outcome]]) -> Transient | None:
    """Why outcomes failed that may not the next time: of the first of them; None where there is none."""
    found = (outcome.transient for by_metric in outcomes.values() for outcome in by_metric.values())
    return next(filter(None, found), None)


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

    @property
    def failure(self) -> str:
        """Why the clip could not be run, or not in some row of the model's; empty where it could."""
        if self.record.status == "failed":
            return self.record.reason
        for name, by_metric in self.outcomes.items():
            if Row.parse(name).is_model and not any(outcome.status == "value" for outcome in by_metric.values()):
                for outcome in by_metric.values():
                    if outcome.status == "failed":
                        return outcome.reason
        return ""
