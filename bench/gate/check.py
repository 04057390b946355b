"""The regression gate of the command line: `--check BASELINE.json` and `compare BEFORE AFTER`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import BenchError
from bench.files.atomic_write import write_text
from bench.gate.unmeasured import NotMeasured, refuse_unmeasured
from bench.results.run_results import read_run

if TYPE_CHECKING:
    from bench.gate.judge import Judgement

DONE, REGRESSION = 0, 3


def gate(
    folder: Path,
    baseline: Path,
    *,
    tolerances: Sequence[str] = (),
    allow_missing: Sequence[str] = (),
    update: bool = False,
    junit: Path | None = None,
    markdown: Path | None = None,
    github: bool | None = None,
) -> int:
    """Compare a finished run's folder with a baseline file, print and write the verdict; returns the exit code.

    With `update`, the run becomes the baseline instead. `allow_missing` names metrics and settings of the baseline that
    the run need not have. `junit` and `markdown` are files to write; `github` prints annotations (None: where GitHub
    Actions runs, where the Markdown also goes to the job's summary).

    Raises:
        BenchError: the baseline is missing or of another protocol, has what the run has not measured, or a tolerance is
            not understood or would judge nothing. `junit` says so, too.
    """
    from bench.gate import baseline as baselines
    from bench.gate.judge import judge, judged
    from bench.gate.tolerances import Tolerances, check_has

    run = read_run(folder)
    metrics = run.manifest.metrics
    directions = {metric.id: judged(metric).direction for metric in metrics}
    with mistakes_in(junit):
        before = None if update else baselines.read_side(baseline)
        settings = (*run.manifest.settings, *(before.rows if before else ()))
        asked = Tolerances.parse(tolerances, directions, settings=settings)
        if before is None:
            baselines.write(baseline, run, asked)
            print("\n".join((f"baseline written: {baseline}", *baselines.left_out(run))))
            return DONE
        check_has(before.values, asked.entries, before.label)
        judgement = judge(
            before,
            baselines.of_run(run),
            metrics,
            Tolerances(before.tolerances).updated(asked),
            allow_missing=allow_missing,
        )
        return publish(judgement, junit=junit, markdown=markdown, github=github)


def publish(judgement: Judgement, *, junit: Path | None, markdown: Path | None, github: bool | None) -> int:
    """Print and write a verdict; returns the exit code.

    Raises:
        BenchError: nothing could be compared, something was not measured that has to be, or a file cannot be written.
    """
    from rich.console import Console

    from bench.gate import announce
    from bench.report.formats.terminal import rich_table

    if not judgement.findings:
        said = "; ".join((*judgement.notes, *dict.fromkeys(one.why for one in judgement.unmeasured)))
        said = said or "the baseline holds no values"
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
    tell(judgement, junit=junit, markdown=markdown, github=github)
    refuse_unmeasured(judgement.unmeasured, judgement.before)
    return REGRESSION if judgement.of("worse") else DONE


def tell(judgement: Judgement, *, junit: Path | None, markdown: Path | None, github: bool | None) -> None:
    """Write a verdict where machines read it.

    Raises:
        BenchError: a file cannot be written.
    """
    from bench.gate import announce

    on_github = os.environ.get("GITHUB_ACTIONS") == "true"
    if junit is not None:
        _write(junit, announce.junit(judgement))
    if markdown is not None:
        _write(markdown, announce.markdown(judgement))
    if github or (github is None and on_github):
        print(announce.github(judgement), end="")
    if on_github and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        _append(Path(summary), announce.markdown(judgement))


@contextmanager
def mistakes_in(junit: Path | None) -> Iterator[None]:
    """Write what makes a comparison impossible into the file `junit`, too; what was not measured is there already."""
    try:
        yield
    except NotMeasured:
        raise
    except BenchError as error:
        if junit is not None:
            from bench.gate import announce

            with suppress(OSError):  # the mistake is told in any case
                write_text(junit, announce.junit_of_mistake(str(error)))
        raise


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
