"""One clip's rows of the run's tables: clips.csv, details.csv and frames.parquet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.file_names import readable
from bench.results.clip_result import ClipResult
from bench.results.run_folder import FRAME_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

DETAIL_COLUMNS = ("clip", "setting", "metric", "name", "value")


def clip_rows(result: ClipResult, row_hash: Callable[[str], str]) -> list[list[str]]:
    """Rows of clips.csv: CLIP_COLUMNS."""
    warning = "; ".join(result.record.warnings)
    return [
        [
            result.record.id,
            setting,
            metric,
            repr(float(outcome.value)) if outcome.status == "value" else "",
            outcome.status,
            outcome.reason,
            str(outcome.n),
            str(outcome.infinite),
            row_hash(metric),
            warning if outcome.status == "value" else "",
        ]
        for setting, outcomes in result.outcomes.items()
        for metric, outcome in outcomes.items()
    ]


def detail_rows(result: ClipResult) -> list[list[str]]:
    """Rows of details.csv: DETAIL_COLUMNS."""
    return [
        [result.record.id, setting, metric, name, repr(float(value))]
        for setting, outcomes in result.outcomes.items()
        for metric, outcome in outcomes.items()
        for name, value in (outcome.details or {}).items()
    ]


@cache
def frame_schema() -> pa.Schema:
    """Names and types of FRAME_COLUMNS."""
    import pyarrow as pa

    name = pa.dictionary(pa.int32(), pa.string())
    types = (name, name, pa.int32(), pa.float64(), name, pa.float64())
    return pa.schema(list(zip(FRAME_COLUMNS, types, strict=True)))


def frame_table(result: ClipResult) -> pa.Table:
    """Rows of frames.parquet: FRAME_COLUMNS; the metrics' values, what they and the model measured."""
    import pyarrow as pa

    series = [
        (setting, metric, outcome.per_frame)
        for setting, outcomes in result.outcomes.items()
        for metric, outcome in outcomes.items()
        if outcome.per_frame is not None
    ]
    series += [
        (setting, name, values)
        for setting, outcomes in result.outcomes.items()
        for outcome in outcomes.values()
        for name, values in (outcome.curves or {}).items()
    ]
    series += [
        (setting, name, values) for setting, measured in result.measured.items() for name, values in measured.items()
    ]
    if not series:
        return frame_schema().empty_table()
    counts = [len(values) for _, _, values in series]
    firsts = [result.record.late.get(setting, 0) for setting, _, _ in series]
    spans = list(zip(firsts, counts, strict=True))
    columns = [
        _named([readable(result.record.id)] * len(series), counts),
        _named([setting for setting, _, _ in series], counts),
        pa.array(np.concatenate([np.arange(first, first + count, dtype=np.int32) for first, count in spans])),
        pa.array(np.concatenate([_times(result.times, first, count) for first, count in spans])),
        _named([metric for _, metric, _ in series], counts),
        pa.array(np.concatenate([np.asarray(values, dtype=np.float64) for _, _, values in series])),
    ]
    return pa.table(columns, schema=frame_schema())


def _times(times: NDArray[np.float64], first: int, count: int) -> NDArray[np.float64]:
    """Those of so many frames from the first on; NaN where they are not known of all."""
    found = times[first : first + count]
    return found if len(found) == count else np.full(count, np.nan)


def _named(names: Sequence[str], counts: Sequence[int]) -> pa.DictionaryArray:
    """A column of texts: every name as often as is said, each in the dictionary once, by its first coming."""
    import pyarrow as pa

    known = {name: number for number, name in enumerate(dict.fromkeys(names))}
    numbers = np.repeat(np.array([known[name] for name in names], dtype=np.int32), counts)
    return pa.DictionaryArray.from_arrays(numbers, pa.array(list(known), pa.string()))
