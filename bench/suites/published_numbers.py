"""Numbers from papers and reports, as printed there: data beside the measured ones, never mixed with them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError
from bench.near_names import hint
from bench.rows import Row

FOLDER = Path(__file__).parent
SUFFIX = ".published.csv"


@dataclass(frozen=True, slots=True)
class PublishedNumbers:
    """One printed number, on the scale on which it was printed.

    `metric` is the id of the metric that it is closest to, `label` its heading in the source; `clip` is empty where
    the source prints a mean alone. `protocol` says what is known of how it was made and why it is taken for that
    metric, `where` on which page or in which table of `source` it stands. `dataset` is a suite's name where there is
    such a suite: the numbers lie beside its file, in `bench/suites/NAME.published.csv`.
    """

    method: str
    dataset: str
    row: Row
    clip: str
    metric: str
    label: str
    value: float
    protocol: str
    source: str
    where: str


def datasets(folder: Path = FOLDER) -> list[str]:
    """Names of the data sets that numbers were published for."""
    return sorted(path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}"))


def read(dataset: str, *, folder: Path = FOLDER) -> list[PublishedNumbers]:
    """The numbers published for a data set.

    Raises:
        BenchError: there are none, or their file is damaged.
    """
    names = datasets(folder)
    if dataset not in names:
        meant = hint(dataset, names, most=1).rstrip() or f"there are some for {', '.join(names)}"
        raise BenchError(f"there are no published numbers for '{dataset}': {meant}")
    file = folder / f"{dataset}{SUFFIX}"
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            found = list(csv.DictReader(lines))
        return [_number(dataset, cells) for cells in found]
    except (OSError, TypeError, KeyError, ValueError, AttributeError, csv.Error) as error:
        raise BenchError(f"'{file}' is not a table of published numbers ({error}): restore it") from None


def _number(dataset: str, cells: dict[str, str]) -> PublishedNumbers:
    row, value = Row.parse(cells.pop("setting")), float(cells.pop("value"))
    return PublishedNumbers(dataset=dataset, row=row, value=value, **cells)


def mean(rows: Sequence[PublishedNumbers]) -> tuple[float, int]:
    """Mean over the per-clip rows of one method, row and metric, and their number; a printed mean as it is."""
    clips = [row.value for row in rows if row.clip]
    if clips:
        return sum(clips) / len(clips), len(clips)
    return rows[0].value, 0
