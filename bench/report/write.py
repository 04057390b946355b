"""From checked options to files: which tables there are, and each in the formats asked for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from bench.errors import BenchError
from bench.file_names import file_name
from bench.files.atomic_write import write_text
from bench.report.formats.csv import csv_table
from bench.report.formats.html import html_page
from bench.report.formats.json import json_tables
from bench.report.formats.latex import fragment_name, latex_document, latex_table
from bench.report.formats.markdown import markdown
from bench.report.kinds import PLOTS
from bench.report.page.folder import check_folder, write_page
from bench.report.page.server import serve
from bench.report.tables.clips import clip_table, clip_table_id
from bench.report.tables.columns import MetricColumn, choose, columns_of, rounded
from bench.report.tables.differences import difference_table
from bench.report.tables.outcomes import outcome_table
from bench.report.tables.published import published_tables, with_published
from bench.report.tables.summary import summary_table, true_view_table
from bench.report.tables.table import Table
from bench.report.tables.words import Words
from bench.results.comparable import refuse_mixed
from bench.results.run_results import Run, load
from bench.suites import published_numbers


def write_report(options: argparse.Namespace) -> int:
    """Write what `options` ask for, print the summary and say where things are; returns the exit code."""
    words = Words(options.lang)
    runs = load(options.runs)
    if not options.allow_mixed:
        refuse_mixed(runs, ", ".join(f"'{run.folder.name}'" for run in runs))
    out = options.out or _default_out(options.runs)
    if not runs:
        tables = published_tables(published_numbers.read(options.published), words)
    else:
        columns = rounded(choose(columns_of(runs, every=bool(options.columns)), options.columns), options.digits)
        tables = report_tables(runs, columns, words, caption=options.caption, dataset=options.published)
    if options.transpose:
        tables = [table.transpose() if table.id in ("summary", "true-view", "published") else table for table in tables]
    if out is None:
        print(markdown(tables[0]))
        return 0
    if runs and "html" in options.format:
        check_folder(out)  # before anything is written there
    title = tables[0].caption
    if runs and not options.caption:
        suites = dict.fromkeys(run.manifest.suite.id for run in runs)
        title = " · ".join([*suites, *(run.label for run in runs)])
    written = write_tables(out, tables, options.format, language=options.lang, title=title)
    pictures: list[Path] = []
    if options.plots is not None:
        from bench.report.plots.run_plots import draw

        kinds = options.plots or [kind for kind in PLOTS if kind != "radar"]
        pictures += draw(kinds, runs, columns, words, out / "plots")
        written.append(out / "plots")
    if options.strips:
        from bench.report.plots.strips import write_strips

        for run in runs:
            folder = out / "strips" if len(runs) == 1 else out / "strips" / file_name(run.label)
            pictures += write_strips(run, columns, words, folder)
        written.append(out / "strips")
    if runs and "html" in options.format:
        front = [table for table in tables if table.id in ("summary", "true-view", "differences")]
        shown = [path for path in pictures if path.suffix == ".png"]
        written.append(write_page(out, runs, columns, front, words, plots=shown, title=title))
    for table in tables:
        if table.id in ("summary", "true-view", "published"):
            print(markdown(table))
    for path in written:
        print(path, flush=True)
    if options.serve:
        serve(out, options.port, print)
    return 0


def report_tables(
    runs: Sequence[Run],
    columns: Sequence[MetricColumn],
    words: Words,
    *,
    caption: str | None = None,
    dataset: str | None = None,
) -> list[Table]:
    """Every table of a report: the summary first, then differences, clips and outcomes.

    `dataset` names published figures to add to the summary; empty means those of the runs' suite.
    """
    summary = summary_table(runs, columns, words, caption=caption)
    if dataset is not None:
        summary = with_published(summary, columns, published_numbers.read(dataset or runs[0].manifest.suite.id), words)
    tables: list[Table | None] = [
        summary,
        true_view_table(runs, columns, words),
        difference_table(runs, columns, words),
    ]
    for run in runs:
        tables += [clip_table(run, row, columns, words, id=clip_table_id(runs, run, row)) for row in run.rows.values()]
    tables.append(outcome_table(runs, words))
    return [table for table in tables if table is not None]


def write_tables(
    out: Path, tables: Sequence[Table], formats: Sequence[str], *, language: str, title: str
) -> list[Path]:
    """Write the tables in the formats asked for; returns the files that one would open first."""
    written = []
    for kind in formats:
        if kind == "md":
            written.append(_write(out / "tables.md", "\n".join(markdown(table) for table in tables)))
        elif kind == "json":
            written.append(_write(out / "tables.json", json_tables(tables)))
        elif kind == "html":
            written.append(_write(out / "tables.html", html_page(tables, title=title, language=language)))
        elif kind == "csv":
            for table in tables:
                _write(out / "csv" / f"{file_name(table.id)}.csv", csv_table(table))
            written.append(out / "csv")
        elif kind == "latex":
            for table in tables:
                _write(out / "latex" / fragment_name(table.id), latex_table(table))
            written.append(_write(out / "latex" / "tables.tex", latex_document(tables, language=language)))
    return written


def _write(path: Path, text: str) -> Path:
    try:
        write_text(path, text)
    except OSError as error:
        raise BenchError(f"'{path}' cannot be written ({error.strerror}): name another folder with --out") from None
    return path


def _default_out(runs: Sequence[Path]) -> Path | None:
    if not runs:
        return None
    return runs[0] / ("report" if len(runs) == 1 else "comparison")
