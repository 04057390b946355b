"""Twins of reference metrics that compare a free view with the truly rotated video, where one exists."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics.metric import Metric

SUFFIX = "_true_view"
TRUE_VIEW = " (true view)"


def true_view(metric: Metric) -> Metric:
    """The same metric against the same performance seen from the requested pose, under an id of its own."""
    return replace(
        metric,
        id=metric.id + SUFFIX,
        label=metric.label + TRUE_VIEW,
        definition=f"{metric.definition}; the reference is the true rotated view",
        against="true-view",
    )
