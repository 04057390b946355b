"""One clip's rows of the run's tables: clips.csv, details.csv and frames.parquet."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

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
    tables = []
    for setting, metric, values in series:
        count, first = len(values), result.record.late.get(setting, 0)
        shown = result.times[first : first + count]
        times = shown if len(shown) == count else np.full(count, np.nan)
        columns = [
            pa.array([readable(result.record.id)] * count),
            pa.array([setting] * count),
            pa.array(np.arange(first, first + count, dtype=np.int32)),
            pa.array(times),
            pa.array([metric] * count),
            pa.array(np.asarray(values, dtype=np.float64)),
        ]
        tables.append(pa.table(dict(zip(FRAME_COLUMNS, columns, strict=True))).cast(frame_schema()))
    return pa.concat_tables(tables).unify_dictionaries() if tables else frame_schema().empty_table()
