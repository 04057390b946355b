"""How far a metric may fall before the gate goes red: `psnr:-0.1`, `lpips:+2%`, `lse_c@original:-0.2`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.errors import BenchError
from bench.near_names import hint
from bench.results.manifest import MetricRecord
from bench.rows import Row

Direction = Literal["higher", "lower", "none"]

_SYNTAX = "write METRIC:-AMOUNT, METRIC:+AMOUNT or METRIC:+PERCENT%, like psnr:-0.1 or lpips:+2%"
_ENTRY = re.compile(r"([^:@\s]+)(?:@([^%]+?))?:([+-]?)(\d+(?:\.\d*)?|\.\d+)(%?)")

DEFAULTS: dict[str, str] = {
    "psnr": "0.1", "psnr_gray": "0.1", "ssim": "0.005", "ssim_gray": "0.005", "ms_ssim": "0.005",
    "lse_c": "0.2", "lse_d": "0.2", "av_offset": "1", "csim": "0.01", "jitter": "0.05",
}  # fmt: skip
FALLBACK = "2%"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """An allowed change in the harmful direction, in the unit that tables show, or in per cent of the old mean."""

    amount: float
    percent: bool = False

    def limit(self, mean: float) -> float:
        """The allowed change for an old mean on the scale of display."""
        return self.amount / 100 * abs(mean) if self.percent else self.amount

    def __str__(self) -> str:
        return f"{self.amount:g}{'%' if self.percent else ''}"


def check_has(values: Mapping[str, Collection[str]], entries: Collection[str], where: str, *, remedy: str = "") -> None:
    """Raise `BenchError` for an entry, `METRIC` or `METRIC@SETTING`, that would judge nothing.

    `values`: setting → metrics that have values `where` they have to.
    """
    known = list(dict.fromkeys(metric for columns in values.values() for metric in columns))
    for entry in entries:
        metric, _, setting = entry.partition("@")
        if not any(metric in columns for name, columns in values.items() if setting in ("", name)):
            under = f" under {setting}" if setting else ""
            raise BenchError(
                f"the tolerance of '{entry}' would judge nothing: {where} has no {metric}{under} "
                f"({hint(metric, known) if metric not in known else ''}it has {', '.join(known) or 'no values'}): "
                + (remedy or f"leave it out, or make the baseline anew with {metric} (--update-baseline)")
            )


class Tolerances:
    """Tolerances by metric, or by metric and setting where that is narrower; the rest has defaults."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[str, str] | None = None) -> None:
        """`entries`: `METRIC` or `METRIC@SETTING` → amount, as a baseline stores them."""
        self._entries = dict(entries or {})

    @classmethod
    def parse(
        cls, entries: Sequence[str], directions: Mapping[str, Direction], *, settings: Sequence[str]
    ) -> Tolerances:
        """Read entries of the command line; `directions` are the metrics that there are, `settings` the rows.

        The sign says which way is harmful and may be left out; where it is given it has to be the harmful one.

        Raises:
            BenchError: an entry is not understood, names no metric or setting, or allows a change for the better.
        """
        found = {}
        for entry in entries:
            match = _ENTRY.fullmatch(entry.strip())
            if match is None:
                raise BenchError(f"tolerance '{entry}' is not understood: {_SYNTAX}")
            metric, setting, sign, amount, percent = match.groups()
            if metric not in directions:
                known = ", ".join(directions)
                raise BenchError(f"tolerance '{entry}': there is no metric '{metric}' in this run: it has {known}")
            if setting and setting not in settings:
                meant = hint(setting, settings, most=1, quoted=True)
                raise BenchError(
                    f"tolerance '{entry}': there is no setting '{setting}' here: {meant}"
                    f"there are {', '.join(dict.fromkeys(settings))}"
                )
            harmful = {"higher": "-", "lower": "+", "none": ""}[directions[metric]]
            if sign and sign != harmful:
                way = f"'{harmful}'" if harmful else "no sign: either way is harmful"
                raise BenchError(f"tolerance '{entry}': for {metric} the harmful way has {way}")
            found[f"{metric}@{setting}" if setting else metric] = f"{harmful}{amount}{percent}"
        return cls(found)

    def updated(self, other: Tolerances) -> Tolerances:
        """These with `other` laid over them."""
        return Tolerances({**self._entries, **other._entries})

    @property
    def entries(self) -> dict[str, str]:
        """As a baseline stores them."""
        return dict(self._entries)

    def of(self, metric: MetricRecord, row: Row) -> Tolerance:
        """The tolerance of a metric in a row."""
        known = self._entries.get(f"{metric.id}@{row}", self._entries.get(metric.id))
        text = known or DEFAULTS.get(metric.plain_id, FALLBACK)
        try:
            return Tolerance(float(text.lstrip("+-").rstrip("%")), text.endswith("%"))
        except ValueError:
            raise BenchError(
                f"tolerance '{text}' of {metric.id} in the baseline is not understood: {_SYNTAX}"
            ) from None
