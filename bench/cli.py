"""The command `benchmark.py`: one run, or a sub-command."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bench.errors import BenchError
from bench.options import default_out, run_parser

if TYPE_CHECKING:
    from rich.console import Console

    from bench.plan import Plan
    from bench.suite import Suite

DONE, FAULT, MISTAKE, REGRESSION = 0, 1, 2, 3
INTERRUPTED = 130

# name → "module:function"; the function takes the words after the name and returns an exit code.
SUBCOMMANDS: dict[str, str] = {
    "list": "bench.listing:main",
    "weights": "bench.weights.command:main",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code. A user's mistake is one sentence on standard error."""
    words = list(sys.argv[1:] if argv is None else argv)
    _utf8()
    try:
        if words and words[0] in SUBCOMMANDS:
            module, function = SUBCOMMANDS[words[0]].split(":")
            command = cast("Callable[[list[str]], int]", getattr(importlib.import_module(module), function))
            return command(words[1:])
        return _run(words)
    except BenchError as error:
        print(f"benchmark.py: {error}", file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        print("benchmark.py: interrupted; what had ended is in the run folder", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; do not let the interpreter complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAULT


def _utf8() -> None:
    """Names of clips reach the terminal whatever its encoding; what it cannot show is escaped."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _run(words: list[str]) -> int:
    options = run_parser(tuple(SUBCOMMANDS)).parse_args(words)
    _check_names(options)
    suite = _suite(options)
    plan = _plan(options, suite)
    from rich.console import Console
    from rich.text import Text

    console = Console()
    if options.dry_run:
        _describe(suite, plan, console)
        return DONE
    _claim(plan.out, overwrite=options.overwrite)
    _log(verbose=options.verbose)
    from bench.runner import run

    finished = run(suite, plan, jobs=options.jobs, command=("benchmark.py", *words), console=console)
    for table in finished.tables:
        console.print(table.to_rich())
    failures = finished.failures
    if failures:
        console.print(Text(f"{len(failures)} of {len(suite.clips)} clips failed:", style="red"))
        for clip in failures:
            console.print(Text(f"  {clip.reason}"))
    console.print(Text(f"results: {finished.folder}  (table.md, summary.csv, clips.csv, frames.parquet, videos/)"))
    return FAULT if len(failures) > options.max_failures else DONE


def _check_names(options: argparse.Namespace) -> None:
    from bench.settings import Setting
    from metrics import registry as metrics
    from model import registry as models

    for setting in options.settings or ():
        Setting.parse(setting)
    for metric in options.metrics or ():
        metrics.check(metric)
    models.check(options.model or "static")
    if not options.suite and not options.videos:
        raise BenchError("nothing to run: name a suite with --suite or videos with --videos")


def _suite(options: argparse.Namespace) -> Suite:
    from bench import suite as suites

    chosen = suites.of_videos(options.videos) if options.videos else suites.load(options.suite, data=options.data)
    return chosen.first(options.limit)


def _plan(options: argparse.Namespace, suite: Suite) -> Plan:
    from bench.plan import ModelPlan, Plan
    from bench.settings import Setting
    from metrics.registry import DEFAULT

    name = options.model or "static"
    texts = options.settings or suite.settings
    settings = tuple(dict.fromkeys(Setting.parse(text) for text in texts))
    return Plan(
        out=options.out or default_out(suite.id, name),
        model=ModelPlan(name, options.checkpoint),
        settings=settings,
        metrics=tuple(dict.fromkeys(options.metrics or DEFAULT)),
        size=options.size or suite.size,
        batch=options.batch,
        device=_device(options.device, dry=options.dry_run),
        codec=None if options.video_codec == "none" else options.video_codec,
        side_by_side=options.side_by_side,
        weights_dir=options.weights_dir,
    )


def _device(name: str, *, dry: bool) -> str:
    if dry:
        return name
    # OpenMP threads that spin while they wait slow every other stage down; torch reads this when it is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        first = str(error).splitlines()[0]
        raise BenchError(f"--device '{name}' cannot be used here ({first}): try --device cpu") from None
    return name


def _claim(out: Path, *, overwrite: bool) -> None:
    """Make sure that no other run is lost by writing to `out`."""
    import shutil

    if (out / "run.json").exists():
        if not overwrite:
            raise BenchError(
                f"'{out}' already holds a run: name another folder with --out or replace it with --overwrite"
            )
        for name in ("videos", ".parts"):
            shutil.rmtree(out / name, ignore_errors=True)
    elif out.is_dir() and any(out.iterdir()):
        raise BenchError(f"'{out}' holds something that is not a run: name another folder with --out")
    elif out.exists() and not out.is_dir():
        raise BenchError(f"'{out}' is a file: name a folder with --out")


def _log(*, verbose: bool) -> None:
    import logging

    logging.basicConfig(
        level=logging.INFO if verbose else logging.CRITICAL, format="%(levelname)s %(name)s: %(message)s"
    )


def _describe(suite: Suite, plan: Plan, console: Console) -> None:
    from rich.text import Text

    lines = [
        f"suite     {suite.id} version {suite.version}: {len(suite.clips)} clips of {suite.listed} listed",
        f"model     {plan.model.name}" + (f" with {plan.model.checkpoint}" if plan.model.checkpoint else ""),
        f"settings  {' '.join(str(setting) for setting in plan.settings)}",
        f"metrics   {' '.join(plan.metrics)}",
        f"frames    {plan.size[0]}x{plan.size[1]}, {plan.batch} at a time on {plan.device}",
        f"out       {plan.out}",
        *(f"clip      {clip.id}  ({clip.path})" for clip in suite.clips),
        *(f"missing   {name}" for name in suite.missing),
    ]
    for line in lines:
        console.print(Text(line), soft_wrap=True)
