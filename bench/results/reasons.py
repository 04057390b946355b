"""Why something has no value, and what is to know of the values: every sentence once, with all that it is said of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from bench.results.manifest import ClipRecord

if TYPE_CHECKING:
    import pandas as pd

MISSING: tuple[Literal["skipped"], Literal["failed"]] = ("skipped", "failed")
"""What becomes of a metric that has no value, in the order in which it is told."""


@dataclass(frozen=True, slots=True)
class Place:
    """A clip under one setting, and the metrics that lack a value there for one reason.

    `line` is that of the first of them in clips.csv, counted from 0.
    """

    clip: str
    setting: str
    metrics: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence, whether it tells of a skipped or a failed metric, and everywhere that it holds."""

    status: Literal["skipped", "failed"]
    text: str
    places: tuple[Place, ...]

    @property
    def clips(self) -> tuple[str, ...]:
        """The clips, each once."""
        return tuple(dict.fromkeys(place.clip for place in self.places))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics, each once."""
        return tuple(dict.fromkeys(metric for place in self.places for metric in place.metrics))


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning, and the clips that have it."""

    text: str
    clips: tuple[str, ...]


def reasons(clips: pd.DataFrame, *, metrics: Collection[str] | None = None) -> tuple[Reason, ...]:
    """The reasons in the rows of clips.csv, in the order in which they first come; of some metrics, or of all."""
    missing = clips[clips["status"].isin(MISSING)]
    if metrics is not None:
        missing = missing[missing["metric"].isin(list(metrics))]
    columns = (missing[name].astype(str).tolist() for name in ("status", "reason", "clip", "setting", "metric"))
    found: dict[tuple[str, str], dict[tuple[str, str], tuple[int, list[str]]]] = {}
    for line, status, text, clip, setting, metric in zip(missing.index.tolist(), *columns, strict=True):
        places = found.setdefault((status, text), {})
        places.setdefault((clip, setting), (line, []))[1].append(metric)
    return tuple(
        Reason(
            cast("Literal['skipped', 'failed']", status),
            text,
            tuple(Place(*where, tuple(lacking), line) for where, (line, lacking) in places.items()),
        )
        for (status, text), places in found.items()
    )


def in_order(found: Iterable[Reason]) -> list[tuple[Place, Reason]]:
    """Every place with its reason, in the order of clips.csv."""
    told = [(place, reason) for reason in found for place in reason.places]
    return sorted(told, key=lambda pair: pair[0].line)


def warned(records: Sequence[ClipRecord]) -> tuple[Warned, ...]:
    """The warnings of clips, in the order in which they first come."""
    found: dict[str, list[str]] = {}
    for record in records:
        for text in record.warnings:
            found.setdefault(text, []).append(record.id)
    return tuple(Warned(text, tuple(clips)) for text, clips in found.items())
