"""What has no value, and why: nothing is dropped silently."""

from __future__ import annotations

from collections.abc import Sequence

from bench.report.tables.table import Cell, Column, Row, Table
from bench.report.tables.words import Words
from bench.results.run_results import Run


def outcome_table(runs: Sequence[Run], words: Words) -> Table | None:
    """Failed clips, and skipped or failed metrics gathered by clip and reason; None where everything has a value."""
    rows = [row for run in runs for row in _rows(run, words, with_model=len(runs) > 1)]
    if not rows:
        return None
    heads = (
        Column("metric", words("metric"), is_text=True),
        Column("outcome", words("outcome"), is_text=True),
        Column("reason", words("reason"), is_text=True),
    )
    stub = (words("clip"), words("setting"))
    suite = runs[0].manifest.suite.title or runs[0].manifest.suite.id
    head = (words("model"), *stub) if len(runs) > 1 else stub
    return Table("outcomes", words("outcome_caption", suite=suite), head, heads, tuple(rows))


def _rows(run: Run, words: Words, *, with_model: bool) -> list[Row]:
    prefix = (run.label,) if with_model else ()
    rows = []
    for clip in run.manifest.clips:
        if clip.status == "failed":
            cells = (Cell(text="—"), Cell(text=words("failed")), Cell(text=clip.reason))
            rows.append(Row((*prefix, clip.id, "—"), cells))
    labels = {metric.id: metric.label for metric in run.manifest.metrics}
    missing = run.clips[run.clips["status"] != "value"]
    gathered: dict[tuple[str, str, str, str], list[str]] = {}
    for row in missing.itertuples(index=False):
        key = (str(row.clip), str(row.setting), str(row.status), str(row.reason))
        gathered.setdefault(key, []).append(labels.get(str(row.metric), str(row.metric)))
    for (clip_id, setting, status, reason), metrics in gathered.items():
        cells = (Cell(text=", ".join(metrics)), Cell(text=words(status)), Cell(text=reason))
        rows.append(Row((*prefix, clip_id, words.setting(setting)), cells))
    return rows
