"""Where ranking is honest, and who is best there."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from bench.report.tables.table import Cell, Direction
from bench.results.manifest import MetricRecord
from bench.rows import Row

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T", float, "pd.Series[float]")


def closeness(values: T, truth: T) -> T:
    """How far values are from their clips' ground truth: what `METRIC:closeness` ranks and the gate judges."""
    return abs(values - truth)


def is_rankable(metric: MetricRecord, row: Row, *, direction: Direction, beside_official: bool) -> bool:
    """Whether a value in `row` may compete with another model's.

    `direction` is the column's, which may show the metric's distance from the truth; `beside_official` says that the
    table also has columns made with official weights. Ceiling and floors of a column are no competitors.
    """
    if direction == "none" or not row.is_model or metric.is_against_unrotated(row):
        return False
    return not (metric.embedded and beside_official)


def rank(cells: Sequence[Cell], groups: Sequence[Hashable | None], direction: Direction) -> list[Cell]:
    """The cells of one column with the best (1) and second best (2) of each group marked.

    Cells compete only within their group; None competes with nobody, nor does a group of one. Values that are shown
    alike share a rank.
    """
    ranked = list(cells)
    for group in {group for group in groups if group is not None}:
        members = [i for i, other in enumerate(groups) if other == group and cells[i].value is not None]
        if len(members) < 2:
            continue
        shown = {i: float(cells[i].number.replace("∞", "inf").replace("—", "nan")) for i in members}
        members = [i for i in members if shown[i] == shown[i]]
        order = sorted({shown[i] for i in members}, reverse=direction == "higher")
        for i in members:
            place = order.index(shown[i]) + 1
            if place <= 2:
                ranked[i] = replace(cells[i], rank=place)
    return ranked
