"""The regression gate of the command line: `--check BASELINE.json` and `compare BEFORE AFTER`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import BenchError
from bench.files.atomic_write import write_text
from bench.results.run_results import read_run

if TYPE_CHECKING:
    from bench.gate.judge import Judgement

DONE, REGRESSION = 0, 3


def gate(
    folder: Path,
    baseline: Path,
    *,
    tolerances: Sequence[str] = (),
    update: bool = False,
    junit: Path | None = None,
    markdown: Path | None = None,
    github: bool | None = None,
) -> int:
    """Compare a finished run's folder with a baseline file, print and write the verdict; returns the exit code.

    With `update`, the run becomes the baseline instead. `junit` and `markdown` are files to write; `github` prints
    annotations (None: where GitHub Actions runs, where the Markdown also goes to the job's summary).

    Raises:
        BenchError: the baseline is missing or of another protocol, or a tolerance is not understood.
    """
    from bench.gate import baseline as baselines
    from bench.gate.judge import judge, judged
    from bench.gate.tolerances import Tolerances

    run = read_run(folder)
    metrics = run.manifest.metrics
    before = None if update else baselines.read_side(baseline)
    settings = (*run.manifest.settings, *(before.rows if before else ()))
    asked = Tolerances.parse(tolerances, {m.id: judged(m).direction for m in metrics}, settings=settings)
    if before is None:
        baselines.write(baseline, run, asked)
        print(f"baseline written: {baseline}")
        return DONE
    judgement = judge(before, baselines.of_run(run), metrics, Tolerances(before.tolerances).updated(asked))
    return publish(judgement, junit=junit, markdown=markdown, github=github)


def publish(judgement: Judgement, *, junit: Path | None, markdown: Path | None, github: bool | None) -> int:
    """Print and write a verdict; returns the exit code.

    Raises:
        BenchError: nothing could be compared, or a file cannot be written.
    """
    from rich.console import Console

    from bench.gate import announce
    from bench.report.formats.terminal import rich_table

    if not judgement.findings:
        said = "; ".join(judgement.notes) or "the baseline holds no values"
        raise BenchError(
            f"nothing could be compared ({said}): give the metrics and settings of {judgement.before}, "
            "or make a new baseline with --update-baseline"
        )
    console = Console()
    if not console.is_terminal:
        # A log has no width: rather long lines than cut numbers.
        console = Console(width=160)
    console.print(rich_table(announce.table(judgement)))
    if fallen := announce.fallen_table(judgement):
        console.print(rich_table(fallen))
    on_github = os.environ.get("GITHUB_ACTIONS") == "true"
    if junit is not None:
        _write(junit, announce.junit(judgement))
    if markdown is not None:
        _write(markdown, announce.markdown(judgement))
    if github or (github is None and on_github):
        print(announce.github(judgement), end="")
    if on_github and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        _append(Path(summary), announce.markdown(judgement))
    return REGRESSION if judgement.of("worse") else DONE


def _write(path: Path, text: str) -> None:
    try:
        write_text(path, text)
    except OSError as error:
        raise BenchError(f"'{path}' cannot be written ({error.strerror}): name another file") from None


def _append(path: Path, text: str) -> None:
    """What cannot be added to a job's summary is in its log; that is no reason to fail."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        print(f"benchmark.py: the job's summary '{path}' cannot be written ({error.strerror})", file=sys.stderr)
