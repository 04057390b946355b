"""What a baseline holds and a run does not measure: a mistake, unless the user allows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bench.errors import BenchError
from bench.near_names import hint
from bench.rows import Row


class NotMeasured(BenchError):
    """What has to be measured was not."""


Measured = Mapping[str, Collection[str]]
"""Row, by its name in files → ids of the metrics that it has."""


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A metric under a setting that has no counterpart now. `row_missing`: the whole setting was not run."""

    row: Row
    metric: str
    row_missing: bool
    allowed: bool

    @property
    def name(self) -> str:
        """What `--allow-missing` calls it: the setting, or the metric."""
        return str(self.row) if self.row_missing else self.metric

    @property
    def why(self) -> str:
        """In words, what is missing."""
        what = f"{self.row} was not run" if self.row_missing else f"{self.metric} was not measured"
        return f"{what} this time" + (", which is allowed" if self.allowed else "")


def may_be_missing(metric: str, setting: str, allowed: Collection[str]) -> bool:
    """Whether `allowed` names the metric, the setting, or the one under the other."""
    return not {metric, setting, f"{metric}@{setting}"}.isdisjoint(allowed)


def unmeasured(
    before: Measured, later: Measured, rows: Mapping[str, Row], allowed: Collection[str]
) -> tuple[Unmeasured, ...]:
    """What `before` has under the settings of a model, and `later` has not; `rows` are those of `before`.

    Raises:
        BenchError: `allowed` names what `before` has not.
    """
    _check_names(allowed, before)
    return tuple(
        Unmeasured(rows[name], metric, name not in later, may_be_missing(metric, name, allowed))
        for name, columns in before.items()
        for metric in columns
        if rows[name].is_model and metric not in later.get(name, ())
    )


def refuse_unmeasured(found: Sequence[Unmeasured], before: str) -> None:
    """Raise `NotMeasured` for what is missing and not allowed; `before` says what has it."""
    refused = [one for one in found if not one.allowed]
    if not refused:
        return
    metrics, settings = (
        list(dict.fromkeys(one.name for one in refused if one.row_missing == missing)) for missing in (False, True)
    )
    told = [f"{what} {', '.join(names)}" for what, names in (("metric", metrics), ("setting", settings)) if names]
    raise NotMeasured(
        f"{before} has what this run does not measure ({'; '.join(told)}): measure it as well, "
        f"or allow it: --allow-missing {' '.join([*metrics, *settings])}"
    )


def _check_names(allowed: Collection[str], before: Measured) -> None:
    metrics = dict.fromkeys(metric for columns in before.values() for metric in columns)
    pairs = [f"{metric}@{name}" for name, columns in before.items() for metric in columns]
    for name in allowed:
        if name not in metrics and name not in before and name not in pairs:
            known = [*metrics, *before]
            raise BenchError(
                f"--allow-missing '{name}': the baseline has no such metric or setting: "
                f"{hint(name, known)}it has {', '.join(known)}"
            )
