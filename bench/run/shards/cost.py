"""What clips cost, roughly: enough to begin with the longest and to deal them out evenly."""

from __future__ import annotations

from collections.abc import Iterable

from bench.clips import Clip
from bench.media.probe import extent
from bench.run.plan import Plan


def cost(clip: Clip, plan: Plan, *, rows: int) -> float:
    """An estimate by the head of the clip's file, in pixels: frames × (pixels decoded + pixels scored in so many rows).

    A file that cannot be read costs nothing. The same files give the same estimate on every machine.
    """
    found = extent(clip.path)
    start, end = clip.start or 0.0, found.seconds if clip.end is None else min(clip.end, found.seconds)
    share = max(0.0, end - start) / found.seconds if found.seconds else 1.0
    height, width = plan.size
    return found.frames * share * (found.pixels + rows * height * width)


def longest_first(costs: Iterable[tuple[int, float]]) -> list[int]:
    """Places in the suite by what their clips cost, the dearest first; equal ones in the suite's order."""
    return [place for place, _ in sorted(costs, key=lambda each: (-each[1], each[0]))]
