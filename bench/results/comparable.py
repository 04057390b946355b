"""When runs and baselines may stand side by side: one protocol, and the same videos under equal ids."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.errors import BenchError
from bench.results.protocol import Protocol

HARMLESS = ("preset", "clip_set")
"""Fields of a protocol that may differ between rows of one table: they do not decide a clip's number."""


class Compared(typing.Protocol):
    """What may stand beside others: a run, or a baseline."""

    @property
    def label(self) -> str:
        """What it is called."""

    @property
    def protocol(self) -> Protocol:
        """How its numbers were made."""

    @property
    def digests(self) -> Mapping[str, str]:
        """Clip → digest of its files and selection, where it is known."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a difference is said, with places for `key`, `first` and `other`, and what to do about it."""

    difference: str
    other_protocol: str
    other_videos: str


BETWEEN_RUNS = Refusal(
    "{key} is '{first}' and '{other}'",
    "compare runs of one protocol, or add --allow-mixed to print them marked and unranked",
    "compare runs over the same videos, or add --allow-mixed to print them marked and unranked",
)


def differing(compared: Sequence[Compared]) -> dict[str, tuple[str, str]]:
    """Fields of the protocol, of those that decide a number, in which some differ from the first."""
    found: dict[str, tuple[str, str]] = {}
    for other in compared[1:]:
        for key, pair in compared[0].protocol.differences(other.protocol).items():
            if key not in HARMLESS:
                found.setdefault(key, pair)
    return found


def other_videos(compared: Sequence[Compared]) -> dict[str, list[str]]:
    """Clips of equal id that are not one video → the labels of those where it is another than in the first that has it.

    A digest that is not known differs from none. The clips come in the order in which they are first known.
    """
    first: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for one in compared:
        for clip, digest in one.digests.items():
            if digest and first.setdefault(clip, digest) != digest:
                found.setdefault(clip, []).append(one.label)
    return {clip: found[clip] for clip in first if clip in found}


def refuse_mixed(compared: Sequence[Compared], names: str, refusal: Refusal = BETWEEN_RUNS) -> None:
    """Raise `BenchError` that names the first differences where protocols differ, or videos of equal ids do.

    `names` says in the sentence who is compared.
    """
    fields = [
        refusal.difference.format(key=key, first=first, other=other)
        for key, (first, other) in differing(compared).items()
    ]
    if fields:
        raise BenchError(f"{names} were made under different protocols: {_few(fields)}: {refusal.other_protocol}")
    clips = [
        f"clip '{clip}' is another video in {', '.join(labels)}" for clip, labels in other_videos(compared).items()
    ]
    if clips:
        raise BenchError(
            f"{names} were made over different videos (file, span, crop, source or true view): {_few(clips)}: "
            f"{refusal.other_videos}"
        )


def _few(differences: Sequence[str]) -> str:
    more = f" and {len(differences) - 3} more" if len(differences) > 3 else ""
    return "; ".join(differences[:3]) + more
