"""When runs and baselines may stand side by side: one protocol, and the same videos under equal ids."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.errors import BenchError
from bench.results.protocol import Protocol
from bench.weights.registry import REGISTRY

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
    without_weights: str


BETWEEN_RUNS = Refusal(
    "{key} is '{first}' and '{other}'",
    "compare runs of one protocol, or add --allow-mixed to print them marked and unranked",
    "compare runs over the same videos, or add --allow-mixed to print them marked and unranked",
    "run again with them, or add --allow-mixed to print both marked and unranked",
)


def differing(compared: Sequence[Compared]) -> dict[str, tuple[str, str]]:
    """Fields of the protocol, of those that decide a number, in which some differ from the first."""
    found: dict[str, tuple[str, str]] = {}
    for other in compared[1:]:
        for key, pair in compared[0].protocol.differences(other.protocol).items():
            if key not in HARMLESS:
                found.setdefault(key, pair)
    return found


@dataclass(frozen=True, slots=True)
class Lacking:
    """Weights by which some metrics were measured in one run, and which another run of them did not have."""

    label: str
    """Who did not have them."""
    weights: tuple[str, ...]
    metrics: tuple[str, ...]


def lacking_weights(compared: Sequence[Compared]) -> list[Lacking]:
    """What sets some apart from the first only since weights were missing to them, or to the first."""
    found = []
    for other in compared[1:]:
        for poor, rich in ((other, compared[0]), (compared[0], other)):
            theirs = {metric.id: metric for metric in rich.protocol.metrics}
            weights: dict[str, None] = {}
            metrics = []
            for metric in poor.protocol.metrics:
                twin = theirs.get(metric.id)
                missing = [] if twin is None else [name for name in twin.weights if name not in metric.weights]
                if (
                    twin is not None
                    and missing
                    and (metric.version, metric.definition) == (twin.version, twin.definition)
                ):
                    weights |= dict.fromkeys(missing)
                    metrics.append(metric.id)
            if weights:
                found.append(Lacking(poor.label, tuple(weights), tuple(metrics)))
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

    `names` says in the sentence who is compared. Weights that were missing are told as the cause of their difference.
    """
    if lacking := lacking_weights(compared):
        told = [
            f"{one.label} lacked the weights {', '.join(one.weights)} ({', '.join(one.metrics)})" for one in lacking
        ]
        weights = dict.fromkeys(name for one in lacking for name in one.weights)
        raise BenchError(
            f"{names} cannot be compared, since weights were missing: {'; '.join(told)}: {_remedy(weights)}, "
            f"or name them with --weights, and {refusal.without_weights}"
        )
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
            f"{names} were made over different videos (file, span, crop, source, true view, or how HDR is shown): "
            f"{_few(clips)}: "
            f"{refusal.other_videos}"
        )


def _few(differences: Sequence[str]) -> str:
    more = f" and {len(differences) - 3} more" if len(differences) > 3 else ""
    return "; ".join(differences[:3]) + more


def _remedy(weights: Iterable[str]) -> str:
    """What brings weights, in one sentence."""
    remedies = dict.fromkeys(REGISTRY[name].remedy for name in weights if name in REGISTRY)
    return " and ".join(remedies) or "bring them"
