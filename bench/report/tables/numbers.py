"""Numbers as tables print them."""

from __future__ import annotations

import math
from collections.abc import Iterable


def show(value: float, digits: int) -> str:
    """A number as text: `∞`, `-∞`, `—` for NaN, never `-0.00`."""
    if math.isnan(value):
        return "—"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def span(counts: Iterable[int]) -> str:
    """Counts as text: the smallest and the largest, or the one that all are."""
    known = sorted(set(counts))
    return f"{known[0]}–{known[-1]}" if len(known) > 1 else str(known[0])
