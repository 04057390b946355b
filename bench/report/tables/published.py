"""Published numbers as tables of their own and as greyed rows under measured ones: always marked as copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from bench.file_names import file_name
from bench.report.alarms import unmoved_alarm
from bench.report.tables.columns import MetricColumn
from bench.report.tables.table import Cell, Column, Direction, Table, TableRow
from bench.report.tables.words import Words
from bench.rows import ORIGINAL, Row
from bench.suites.published_numbers import PublishedNumbers, mean

_DIRECTIONS: dict[str, Direction] = {
    "fid": "lower", "kid": "lower", "l1": "lower", "l1_unit": "lower", "lpips": "lower", "lpips_vgg": "lower",
    "niqe": "lower", "niqe_skvideo": "lower", "lse_d": "lower", "akd": "lower", "aed": "lower",
    "psnr": "higher", "psnr_gray": "higher", "ssim": "higher", "ssim_gray": "higher", "ms_ssim": "higher",
    "lse_c": "higher", "lse_c_public": "higher", "lse_d_public": "lower",
}  # fmt: skip
_JUDGED_ALONE = ("lse_c", "lse_d", "lse_c_public", "lse_d_public", "fid", "niqe", "niqe_skvideo")
"""Metrics that say nothing about whether the head was turned."""


def published_tables(numbers: Sequence[PublishedNumbers], words: Words) -> list[Table]:
    """The means by setting, computed from the per-clip numbers, and a table of the clips of every setting."""
    caption = words("published_caption", dataset=numbers[0].dataset)
    metrics = list(dict.fromkeys(number.metric for number in numbers))
    columns = tuple(_column(numbers, metric) for metric in metrics)
    notes = tuple(
        words("copied_note", source=source) for source in dict.fromkeys(_source(number) for number in numbers)
    )
    places = list(dict.fromkeys((number.method, number.row) for number in numbers))
    means = {place: tuple(_mean_cell(numbers, *place, metric) for metric in metrics) for place in places}
    lines = tuple(TableRow((words.row(place[1]), place[0]), means[place], "published") for place in places)
    methods = list(dict.fromkeys(number.method for number in numbers))
    alarms = tuple(alarm for method in methods for alarm in _alarms(numbers, method, words))
    found = [Table("published", caption, (words("setting"), words("model")), columns, lines, notes, alarms)]
    for method, row in places:
        clips = list(dict.fromkeys(r.clip for r in numbers if (r.method, r.row) == (method, row) and r.clip))
        if not clips:
            continue
        body = []
        for clip in clips:
            cells = tuple(_cell(numbers, method, row, clip, metric) for metric in metrics)
            body.append(TableRow((clip,), cells, "published"))
        body.append(TableRow((words("mean"),), means[method, row], "mean"))
        title = f"{caption}, {method}, {words.row(row)}"
        name = file_name(f"published-{method}-{row}")
        found.append(Table(name, title, (words("clip"),), columns, tuple(body), notes))
    return found


def _column(numbers: Sequence[PublishedNumbers], metric: str) -> Column:
    label = next(number.label for number in numbers if number.metric == metric)
    return Column(metric, label, _DIRECTIONS.get(metric, "none"), notes=_protocols(numbers, metric))


def with_published(
    table: Table, columns: Sequence[MetricColumn], numbers: Sequence[PublishedNumbers], words: Words
) -> Table:
    """A summary with the published means of its metrics under it, greyed and marked as copied."""
    extra = []
    for method, row in dict.fromkeys((number.method, number.row) for number in numbers):
        cells = [_beside(numbers, method, row, column) for column in columns]
        cells += [Cell(text="")] * (len(table.columns) - len(cells))
        if any(cell.value is not None for cell in cells):
            mine = [number for number in numbers if (number.method, number.row) == (method, row)]
            notes = tuple(
                words("copied_note", source=source) for source in dict.fromkeys(_source(number) for number in mine)
            )
            name = words.row(row)
            stub = (name, method) if len(table.stub) > 1 else (f"{name}, {method}",)
            extra.append(TableRow(stub, tuple(cells), "published", notes))
    return replace(table, rows=(*table.rows, *extra))


def _beside(numbers: Sequence[PublishedNumbers], method: str, row: Row, column: MetricColumn) -> Cell:
    if column.view != "clips":
        return Cell(text="—")
    cell = _mean_cell(numbers, method, row, column.metric.id)
    notes = () if cell.value is None else _protocols(numbers, column.metric.id)
    return replace(cell, digits=column.digits, notes=notes)


def _mean_cell(numbers: Sequence[PublishedNumbers], method: str, row: Row, metric: str) -> Cell:
    mine = [number for number in numbers if (number.method, number.row, number.metric) == (method, row, metric)]
    if not mine:
        return Cell(text="—")
    value, n = mean(mine)
    return Cell(value, n=n)


def _cell(numbers: Sequence[PublishedNumbers], method: str, row: Row, clip: str, metric: str) -> Cell:
    key = (method, row, clip, metric)
    found = [number.value for number in numbers if (number.method, number.row, number.clip, number.metric) == key]
    return Cell(found[0], n=1) if found else Cell(text="—")


def _alarms(numbers: Sequence[PublishedNumbers], method: str, words: Words) -> list[str]:
    """Published free views that were very probably never applied."""
    labels = {number.label: number.metric for number in numbers if number.metric not in _JUDGED_ALONE}

    def values(row: Row) -> dict[str, pd.Series[float]]:
        mine = [number for number in numbers if (number.method, number.row) == (method, row) and number.clip]
        return {
            label: pd.Series({number.clip: number.value for number in mine if number.metric == metric}, dtype="float64")
            for label, metric in labels.items()
        }

    found = []
    for row in dict.fromkeys(number.row for number in numbers if number.row.is_free_view):
        found += unmoved_alarm(method, row, values(ORIGINAL), values(row), words)
    return found


def _protocols(numbers: Sequence[PublishedNumbers], metric: str) -> tuple[str, ...]:
    known = dict.fromkeys(
        (number.label, number.protocol) for number in numbers if number.metric == metric and number.protocol
    )
    return tuple(f"{label}: {protocol}." for label, protocol in known)


def _source(number: PublishedNumbers) -> str:
    return f"{number.source} ({number.where})" if number.where else number.source
