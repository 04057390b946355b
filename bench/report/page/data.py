"""What the page's script reads first: runs, series, metrics and every value of every clip, in one file."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.report.tables.words import Words
from bench.results.comparable import other_videos
from bench.results.manifest import MetricRecord
from bench.results.reasons import in_order, warned
from bench.results.run_results import Run
from bench.rows import Row


def page_data(runs: Sequence[Run], metrics: Sequence[MetricRecord], videos: list[dict[str, str]], words: Words) -> str:
    """The data as a script that calls `Bench.load(...)`.

    `videos` maps, for every run, `CLIP\\nSETTING` to the path of a video relative to the page.
    """
    clips = clip_numbers(runs)
    others = other_videos(runs)
    series = [(number, row) for number, run in enumerate(runs) for row in run.rows.values()]
    reasons: dict[str, int] = {}
    data: dict[str, Any] = {
        "runs": [_run(run) for run in runs],
        "metrics": [_metric(metric) for metric in metrics],
        "series": [_series(runs, number, row, metrics, words) for number, row in series],
        "clips": [_clip(runs, clip, others.get(clip), words) for clip in clips],
        "values": [_values(runs[number], row, metrics, clips) for number, row in series],
        "outcomes": _outcomes(runs, series, metrics, clips, reasons),
        "reasons": list(reasons),
        "videos": _videos(runs, clips, series, videos),
    }
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    # No name may look like markup, should somebody put this file into a page.
    return f"Bench.load({text.replace('<', chr(92) + 'u003c')});\n"


def clip_numbers(runs: Sequence[Run]) -> dict[str, int]:
    """Clip id → its number on the page."""
    return {clip: i for i, clip in enumerate(dict.fromkeys(clip for run in runs for clip in run.clip_ids))}


def _run(run: Run) -> dict[str, Any]:
    manifest = run.manifest
    return {
        "label": run.label,
        "model": manifest.model.name,
        "description": {key: str(value) for key, value in manifest.model.description.items()},
        "suite": manifest.suite.title or manifest.suite.id,
        "listed": manifest.suite.listed,
        "selected": manifest.suite.selected,
        "done": sum(clip.status == "done" for clip in manifest.clips),
        "created": manifest.created,
        "seconds": manifest.seconds,
        "complete": manifest.complete,
        "command": list(manifest.command),
        "hash": manifest.protocol_hash,
        "protocol": manifest.protocol.model_dump(mode="json", exclude={"metrics"}),
        "weights": {m.id: m.weights for m in manifest.protocol.metrics if m.weights},
        "environment": manifest.environment.model_dump(mode="json"),
    }


def _metric(metric: MetricRecord) -> dict[str, Any]:
    return {
        "id": metric.id,
        "label": metric.label,
        "direction": metric.direction,
        "unit": metric.unit,
        "scale": metric.scale,
        "digits": metric.digits,
        "definition": metric.definition,
        "source": metric.source,
        "version": metric.version,
    }


def _series(
    runs: Sequence[Run], number: int, row: Row, metrics: Sequence[MetricRecord], words: Words
) -> dict[str, Any]:
    name = words.row(row)
    told = number == 0 and not row.is_model
    return {
        "run": number,
        "setting": row.name,
        "name": name if len(runs) == 1 or told else f"{name} · {runs[number].label}",
        "unrotated": [i for i, metric in enumerate(metrics) if metric.is_against_unrotated(row)],
    }


def _clip(runs: Sequence[Run], clip: str, others: Sequence[str] | None, words: Words) -> dict[str, Any]:
    records = [run.records[clip] for run in runs if clip in run.records]
    first = records[0] if records else None
    found: dict[str, Any] = {"id": clip}
    if first is not None:
        found |= {"person": first.person, "frames": first.frames, "fps": round(first.fps, 6)}
    failures = {str(n): run.records[clip].reason for n, run in enumerate(runs) if _failed(run, clip)}
    warnings = [warning.text for warning in warned(records)]
    if others:
        warnings.append(words("other_video", clip=clip, labels=", ".join(others)))
    if failures:
        found["failed"] = failures
    if warnings:
        found["warnings"] = warnings
    return found


def _failed(run: Run, clip: str) -> bool:
    return clip in run.records and run.records[clip].status == "failed"


def _values(run: Run, row: Row, metrics: Sequence[MetricRecord], clips: dict[str, int]) -> list[list[Any]]:
    """A list for every metric: display values by clip, six digits, null where there is none, `inf` where infinite."""
    columns = []
    for metric in metrics:
        column = np.full(len(clips), math.nan)
        values = run.values(row, metric.id)
        if len(values):
            column[[clips[clip] for clip in values.index]] = values.to_numpy() * metric.scale
        columns.append([_short(value) for value in column.tolist()])
    return columns


def _short(value: float) -> float | str | None:
    if value != value:
        return None
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return float(f"{value:.6g}")


def _outcomes(
    runs: Sequence[Run],
    series: Sequence[tuple[int, Row]],
    metrics: Sequence[MetricRecord],
    clips: dict[str, int],
    reasons: dict[str, int],
) -> list[tuple[int, int, int, int, int]]:
    """(clip, series, metric, 1 for failed or 0 for skipped, number of the reason) of everything without a value."""
    places = {place: i for i, place in enumerate(series)}
    numbers = {metric.id: i for i, metric in enumerate(metrics)}
    found = []
    for number, run in enumerate(runs):
        for place, reason in in_order(run.reasons):
            for metric in filter(numbers.__contains__, place.metrics):
                text = reasons.setdefault(reason.text, len(reasons))
                where = places[number, run.rows[place.setting]]
                found.append((clips[place.clip], where, numbers[metric], int(reason.status == "failed"), text))
    return found


def _videos(
    runs: Sequence[Run], clips: dict[str, int], series: Sequence[tuple[int, Row]], videos: list[dict[str, str]]
) -> dict[str, dict[str, str]]:
    """Clip → series number, or `r` for the reference → path of the video."""
    found: dict[str, dict[str, str]] = {}
    for clip, i in clips.items():
        paths = {}
        for number in range(len(runs)):
            if "r" not in paths and f"{clip}\nreference" in videos[number]:
                paths["r"] = videos[number][f"{clip}\nreference"]
        for place, (number, row) in enumerate(series):
            if f"{clip}\n{row}" in videos[number]:
                paths[str(place)] = videos[number][f"{clip}\n{row}"]
        if paths:
            found[str(i)] = paths
    return found
