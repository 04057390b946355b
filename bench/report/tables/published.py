"""Published numbers as tables of their own and as greyed rows under measured ones: always marked as copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from bench.file_names import file_name
from bench.report.alarms import unmoved_alarm
from bench.report.tables.columns import MetricColumn
from bench.report.tables.table import Cell, Column, Direction, Row, Table
from bench.report.tables.words import Words
from bench.suites.published_numbers import PublishedNumbers, mean

_DIRECTIONS: dict[str, Direction] = {
    "fid": "lower", "kid": "lower", "l1": "lower", "l1_unit": "lower", "lpips": "lower", "lpips_vgg": "lower",
    "niqe": "lower", "niqe_skvideo": "lower", "lse_d": "lower", "akd": "lower", "aed": "lower",
    "psnr": "higher", "psnr_gray": "higher", "ssim": "higher", "ssim_gray": "higher", "ms_ssim": "higher",
    "lse_c": "higher", "lse_c_public": "higher", "lse_d_public": "lower",
}  # fmt: skip
_JUDGED_ALONE = ("lse_c", "lse_d", "lse_c_public", "lse_d_public", "fid", "niqe", "niqe_skvideo")
"""Metrics that say nothing about whether the head was turned."""


def published_tables(rows: Sequence[PublishedNumbers], words: Words) -> list[Table]:
    """The means by setting, computed from the per-clip rows, and a table of the clips of every setting."""
    caption = words("published_caption", dataset=rows[0].dataset)
    metrics = list(dict.fromkeys(row.metric for row in rows))
    columns = tuple(_column(rows, metric) for metric in metrics)
    notes = tuple(words("copied_note", source=source) for source in dict.fromkeys(_source(row) for row in rows))
    places = list(dict.fromkeys((row.method, row.setting) for row in rows))
    means = {place: tuple(_mean_cell(rows, *place, metric) for metric in metrics) for place in places}
    lines = tuple(Row((words.setting(place[1]), place[0]), means[place], "published") for place in places)
    methods = list(dict.fromkeys(row.method for row in rows))
    alarms = tuple(alarm for method in methods for alarm in _alarms(rows, method, words))
    found = [Table("published", caption, (words("setting"), words("model")), columns, lines, notes, alarms)]
    for method, setting in places:
        clips = list(dict.fromkeys(r.clip for r in rows if (r.method, r.setting) == (method, setting) and r.clip))
        if not clips:
            continue
        body = []
        for clip in clips:
            cells = tuple(_cell(rows, method, setting, clip, metric) for metric in metrics)
            body.append(Row((clip,), cells, "published"))
        body.append(Row((words("mean"),), means[method, setting], "mean"))
        title = f"{caption}, {method}, {words.setting(setting)}"
        name = file_name(f"published-{method}-{setting}")
        found.append(Table(name, title, (words("clip"),), columns, tuple(body), notes))
    return found


def _column(rows: Sequence[PublishedNumbers], metric: str) -> Column:
    label = next(row.label for row in rows if row.metric == metric)
    return Column(metric, label, _DIRECTIONS.get(metric, "none"), notes=_protocols(rows, metric))


def with_published(
    table: Table, columns: Sequence[MetricColumn], rows: Sequence[PublishedNumbers], words: Words
) -> Table:
    """A summary with the published means of its metrics under it, greyed and marked as copied."""
    extra = []
    for method, setting in dict.fromkeys((row.method, row.setting) for row in rows):
        cells = [_beside(rows, method, setting, column) for column in columns]
        cells += [Cell(text="")] * (len(table.columns) - len(cells))
        if any(cell.value is not None for cell in cells):
            mine = [row for row in rows if (row.method, row.setting) == (method, setting)]
            notes = tuple(words("copied_note", source=source) for source in dict.fromkeys(_source(row) for row in mine))
            name = words.setting(setting)
            stub = (name, method) if len(table.stub) > 1 else (f"{name}, {method}",)
            extra.append(Row(stub, tuple(cells), "published", notes))
    return replace(table, rows=(*table.rows, *extra))


def _beside(rows: Sequence[PublishedNumbers], method: str, setting: str, column: MetricColumn) -> Cell:
    if column.view != "clips":
        return Cell(text="—")
    cell = _mean_cell(rows, method, setting, column.metric.id)
    notes = () if cell.value is None else _protocols(rows, column.metric.id)
    return replace(cell, digits=column.digits, notes=notes)


def _mean_cell(rows: Sequence[PublishedNumbers], method: str, setting: str, metric: str) -> Cell:
    mine = [row for row in rows if (row.method, row.setting, row.metric) == (method, setting, metric)]
    if not mine:
        return Cell(text="—")
    value, n = mean(mine)
    return Cell(value, n=n)


def _cell(rows: Sequence[PublishedNumbers], method: str, setting: str, clip: str, metric: str) -> Cell:
    key = (method, setting, clip, metric)
    found = [row.value for row in rows if (row.method, row.setting, row.clip, row.metric) == key]
    return Cell(found[0], n=1) if found else Cell(text="—")


def _alarms(rows: Sequence[PublishedNumbers], method: str, words: Words) -> list[str]:
    """Published free views that were very probably never applied."""
    labels = {row.label: row.metric for row in rows if row.metric not in _JUDGED_ALONE}

    def values(setting: str) -> dict[str, pd.Series[float]]:
        mine = [row for row in rows if (row.method, row.setting) == (method, setting) and row.clip]
        return {
            label: pd.Series({row.clip: row.value for row in mine if row.metric == metric}, dtype="float64")
            for label, metric in labels.items()
        }

    found = []
    for setting in dict.fromkeys(row.setting for row in rows if row.setting.startswith("free-view:")):
        found += unmoved_alarm(method, setting, values("original"), values(setting), words)
    return found


def _protocols(rows: Sequence[PublishedNumbers], metric: str) -> tuple[str, ...]:
    known = dict.fromkeys((row.label, row.protocol) for row in rows if row.metric == metric and row.protocol)
    return tuple(f"{label}: {protocol}." for label, protocol in known)


def _source(row: PublishedNumbers) -> str:
    return f"{row.source} ({row.where})" if row.where else row.source
