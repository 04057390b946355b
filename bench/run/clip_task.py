"""What one pass over a clip has to do: plain data that travels to worker processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.clips import Clip
from bench.run.plan import Plan


@dataclass(frozen=True, slots=True)
class ClipTask:
    """A clip, and the units of work that are left of it: metrics by row.

    A pass decodes once for all of them. What a run that is resumed has already is in none: `units` then lacks rows, or
    a row lacks metrics, and `kept` names the videos that are there and are not written again.
    """

    clip: Clip
    units: Mapping[str, tuple[str, ...]]
    """Name of a row → ids of the metrics to compute; twins against true views come with their metrics."""
    kept: frozenset[str] = frozenset()

    @classmethod
    def whole(cls, clip: Clip, plan: Plan) -> ClipTask:
        """Everything that a plan does with a clip."""
        return cls(clip, {row.name: plan.metrics for row in plan.rows})
