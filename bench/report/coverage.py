"""What was named, and what of it became a clip: the lines under a run's table that say so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bench.file_names import folded
from bench.results.manifest import ClipRecord, SuiteRecord

LINES = 50
"""Names that are told one by one; how many more there are is told in one line."""


def coverage(suite: SuiteRecord) -> str:
    """How many clips there are, and of how many."""
    told = f"{suite.selected} clips"
    if suite.left_out:
        return f"{told} of {suite.listed} named"
    return told + (f", {suite.present} of {suite.listed} present" if suite.present < suite.listed else "")


def coverage_notes(suite: SuiteRecord, clips: Sequence[ClipRecord]) -> Iterator[str]:
    """What was left out or missing, each with the reason, and clips that are one video or nearly one name."""
    for one in suite.left_out[:LINES]:
        yield f"left out: '{one.name}': {one.reason}"
    if rest := suite.left_out[LINES:]:
        yield f"left out: {len(rest)} more: run.json has them all"
    if suite.missing:
        yield f"not there: {_few(suite.missing)}"
    if suite.beside:
        counts = (f"{count} {suffix}" for suffix, count in suite.beside.items())
        yield f"beside the videos in the named folders, and not looked at: {', '.join(counts)}"
    for ids in _groups((clip.digest, clip.id) for clip in clips if clip.digest):
        yield f"clips {_few(ids)} are one video, which counts {len(ids)} times in every mean"
    for ids in _groups((folded(clip.id), clip.id) for clip in clips):
        yield f"clips {_few(ids)} differ in capitals or forms of accents only: many file systems take them for one"


def _groups(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """The names that share a key with others."""
    found: dict[str, list[str]] = {}
    for key, name in pairs:
        found.setdefault(key, []).append(name)
    return [names for names in found.values() if len(names) > 1]


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(f"'{name}'" for name in names[:5]) + more
