"""When runs may stand side by side: one protocol, and the same videos under equal ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.errors import BenchError
from bench.results.run_results import _HARMLESS, Run


def unlike(first: Mapping[str, str], second: Mapping[str, str]) -> list[str]:
    """Clips that both have, under different digests; an empty digest is not known and differs from none."""
    return [clip for clip, digest in first.items() if digest and second.get(clip, "") not in ("", digest)]


def differing(runs: Sequence[Run]) -> dict[str, tuple[str, str]]:
    """Fields of the protocol, of those that decide a number, in which some run differs from the first."""
    found: dict[str, tuple[str, str]] = {}
    for other in runs[1:]:
        for key, pair in runs[0].manifest.protocol.differences(other.manifest.protocol).items():
            if key not in _HARMLESS:
                found.setdefault(key, pair)
    return found


def other_videos(runs: Sequence[Run]) -> dict[str, list[str]]:
    """Clips of equal id that are not one video → the runs where each is another one than in the first that has it.

    A digest that is not known differs from none.
    """
    first: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for run in runs:
        for clip, digest in run.digests.items():
            if first.setdefault(clip, digest) != digest:
                found.setdefault(clip, []).append(run.label)
    return found


def refuse_mixed(runs: Sequence[Run]) -> None:
    """Raise `BenchError` that names the first differences where protocols differ, or videos of equal ids do."""
    fields = [f"{key} is '{mine}' and '{theirs}'" for key, (mine, theirs) in differing(runs).items()]
    clips = [f"clip '{clip}' is another video in {', '.join(labels)}" for clip, labels in other_videos(runs).items()]
    names = ", ".join(f"'{run.folder.name}'" for run in runs)
    if fields:
        raise BenchError(
            f"{names} were made under different protocols: {_first(fields)}: "
            "compare runs of one protocol, or add --allow-mixed to print them marked and unranked"
        )
    if clips:
        raise BenchError(
            f"{names} were made over different videos (file, span, crop, source or true view): {_first(clips)}: "
            "compare runs over the same videos, or add --allow-mixed to print them marked and unranked"
        )


def _first(differences: Sequence[str]) -> str:
    more = f" and {len(differences) - 3} more" if len(differences) > 3 else ""
    return "; ".join(differences[:3]) + more
