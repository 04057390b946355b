"""The command `benchmark.py`: one run, or a sub-command."""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bench.commands.device import device
from bench.commands.interruption import Terminated, interrupted_once
from bench.commands.run_checks import check_gate, check_names
from bench.commands.run_options import default_out, run_parser
from bench.errors import BenchError
from bench.files.presence import is_folder
from bench.run.failure_policy import FailureLimit

if TYPE_CHECKING:
    from rich.console import Console

    from bench.run.plan import ModelPlan, Plan
    from bench.suites.suite import Suite

DONE, FAULT, MISTAKE, REGRESSION = 0, 1, 2, 3
INTERRUPTED, TERMINATED = 130, 143

# name → "module:function"; the function takes the words after the name and returns an exit code.
SUBCOMMANDS: dict[str, str] = {
    "list": "bench.commands.list:main",
    "weights": "bench.commands.weights:main",
    "protocol": "bench.commands.protocol:main",
    "prepare": "bench.commands.prepare:main",
    "compare": "bench.commands.compare:main",
    "merge": "bench.commands.merge:main",
    "convert": "bench.commands.convert:main",
    "doctor": "bench.commands.doctor:main",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code. A user's mistake is one sentence on standard error."""
    words = list(sys.argv[1:] if argv is None else argv)
    _utf8()
    with interrupted_once(is_all=argv is None):
        try:
            if words and words[0] in SUBCOMMANDS:
                module, function = SUBCOMMANDS[words[0]].split(":")
                command = cast("Callable[[list[str]], int]", getattr(importlib.import_module(module), function))
                return command(words[1:])
            return _run(words)
        except BenchError as error:
            print(f"benchmark.py: {error}", file=sys.stderr)
            return MISTAKE
        except KeyboardInterrupt as error:
            print("benchmark.py: interrupted; what had ended is kept", file=sys.stderr)
            return TERMINATED if isinstance(error, Terminated) else INTERRUPTED
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
    check_names(options)
    suite = _suite(options)
    if not options.dry_run:
        _read_weights(options)
    with _importing():
        plan = _plan(options, suite)
    from bench.commands.terminal import terminal

    console = terminal()
    if options.check is not None:
        check_gate(options, suite, plan)
    if options.dry_run:
        _describe(suite if options.shard is None else options.shard.of(suite, plan), plan, console)
        return DONE
    from bench.run.apart import check_apart
    from bench.run.claim import claimed, new_folder
    from bench.run.engines.orphans import no_process_left
    from bench.run.engines.temporary_folder import own_temporary_folder

    if options.out is None:
        plan = replace(plan, out=new_folder(plan.out))
    inputs = [path for clip in suite.clips for path in (clip.path, clip.source) if path is not None]
    inputs += [plan.model.predictions.folder] if plan.model.predictions is not None else []
    held = claimed(plan.out, inputs, overwrite=options.overwrite, resume=options.resume or options.retry_failed)
    with held, own_temporary_folder(), no_process_left():
        if plan.codec is not None:
            check_apart([clip.id for clip in suite.clips], plan.out)
        try:
            return _execute(suite, plan, options, words, console)
        except SystemExit as error:  # of somebody else's code: a run that did not finish never exits with 0
            raise BenchError(f"the run was ended from within, by sys.exit({error.code!r})") from error


def _execute(suite: Suite, plan: Plan, options: argparse.Namespace, words: list[str], console: Console) -> int:
    """Run the plan in the folder that this process holds, and print what came of it."""
    from rich.text import Text

    _log(verbose=options.verbose)
    with _importing():
        from bench.report.brief import Brief, write_brief
        from bench.report.formats.terminal import rich_table
        from bench.run.engines.choice import Cluster
        from bench.run.failure_policy import Limited
        from bench.run.suite_run import run
    briefs: list[Brief] = []
    count = len((suite if options.shard is None else options.shard.of(suite, plan)).clips)
    policy = Limited(count, options.max_failures, options.retry)
    finished = run(
        suite,
        plan,
        jobs=options.jobs,
        cluster=Cluster(options.address) if options.engine == "ray" else None,
        policy=policy,
        command=("benchmark.py", *words),
        console=console,
        at_end=lambda folder: briefs.append(write_brief(folder)),
        resume=options.resume or options.retry_failed,
        retry_failed=options.retry_failed,
        shard=options.shard,
    )
    (brief,) = briefs
    for table in brief.tables:
        console.print(rich_table(table, width=console.width))
    for alarm in brief.alarms:
        console.print(Text(f"⚠ {alarm}", style="bold red"))
    failures = finished.failures
    if failures:
        console.print(Text(f"{len(failures)} of {count} clips failed; their reasons are above", style="red"))
    if finished.damaged:
        said = f"damaged files: {len(finished.damaged)} of {count} clips, scored on what could be read of them"
        console.print(Text(said, style="red"))
    console.print(Text(f"results: {finished.folder}  (table.md, summary.csv, clips.csv, frames.parquet, videos/)"))
    verdict = _gate(finished.folder, options) if options.check is not None else DONE
    allowed: FailureLimit = options.max_failures or FailureLimit()
    faulty = len({*failures, *finished.damaged})
    if policy.is_exceeded and not finished.manifest.complete:
        said = f"stopped: {faulty} of {count} clips failed, more than --max-failures {allowed} allows"
        console.print(Text(f"{said}: mend them and go on with --retry-failed, or allow more", style="red"))
    good = finished.manifest.complete and not allowed.is_exceeded(faulty, clips=count)
    return verdict if good else FAULT


@contextlib.contextmanager
def _importing() -> Iterator[None]:
    """Search nothing for garbage: what importing torch makes, a million objects, all stays."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _read_weights(options: argparse.Namespace) -> None:
    """Begin to digest the weights of the metrics, which are identified before the first number, beside the imports."""
    from bench.run import presets
    from bench.weights import files
    from bench.weights.registry import REGISTRY

    chosen = {*(options.metrics or presets.get(options.preset).metrics)}
    names = [name for name, weights in REGISTRY.items() if chosen.intersection(weights.used_by)]
    files.digest_ahead(names, dict(options.weights), options.weights_dir)


def _gate(run: Path, options: argparse.Namespace) -> int:
    from bench.gate.check import gate

    return gate(
        run,
        options.check,
        tolerances=options.tolerance,
        allow_missing=options.allow_missing,
        update=options.update_baseline,
        junit=options.junit,
        markdown=options.summary,
        github=options.github,
    )


def _suite(options: argparse.Namespace) -> Suite:
    from bench.suites import from_paths
    from bench.suites import suite as suites

    if options.pairs is not None:
        chosen = from_paths.of_pairs(options.pairs)
    elif options.videos is not None:
        chosen = from_paths.of_videos(options.videos)
    else:
        chosen = suites.load(options.suite, data=options.data)
    if options.source is not None:
        chosen = chosen.animating(options.source)
    return chosen.first(options.limit)


def _plan(options: argparse.Namespace, suite: Suite) -> Plan:
    from bench.media.picture_rules import PictureRules
    from bench.run import presets
    from bench.run.plan import Plan
    from bench.settings import Setting
    from bench.weights.files import cache_folder

    preset = presets.get(options.preset)
    asked = tuple(map(Setting.parse, options.settings or ()))
    settings = tuple(dict.fromkeys(asked or preset.settings or suite.settings))
    model = _model(options)
    if model.predictions is not None:
        model.predictions.check(settings)
    return Plan(
        out=options.out or default_out(suite.id, model.name),
        model=model,
        settings=settings,
        metrics=tuple(dict.fromkeys(options.metrics or preset.metrics_under(settings))),
        size=options.size or suite.size,
        batch=options.batch,
        # Machines of a cluster may have what this one has not.
        device=device(options.device, dry=options.dry_run or (options.engine == "ray" and options.device != "auto")),
        codec=None if options.video_codec == "none" else options.video_codec,
        side_by_side=options.side_by_side,
        weights=dict(options.weights),
        weights_dir=options.weights_dir,
        download=not options.no_download,
        feature_cache=None if options.no_cache else cache_folder() / "features",
        codec_floor=options.codec_floor,
        preset=preset,
        alignment=options.align,
        panel=options.panel,
        sound=options.sound,
        pictures=PictureRules(options.fit, options.hdr, options.deinterlace),
        apart=model.is_foreign and not options.in_process,
        timeout=options.timeout,
    )


def _model(options: argparse.Namespace) -> ModelPlan:
    from bench.run.plan import ModelPlan

    if options.predictions is not None:
        from model.outside.predictions import Predictions

        if not is_folder(options.predictions):
            raise BenchError(f"--predictions '{options.predictions}' is not a folder")
        chosen = Predictions(
            options.predictions, options.pattern, options.predictions_list, options.align, options.panel
        )
        return ModelPlan(options.predictions.resolve().name, predictions=chosen)
    if options.model_command is not None:
        from model.outside.command import CommandModel

        command = CommandModel(options.model_command, options.model_timeout, options.align, options.panel)
        return ModelPlan("command", command=command)
    name = options.model or ("facevid2vid" if options.checkpoint else "static")
    if name == "facevid2vid" and not options.checkpoint:
        raise BenchError("--model facevid2vid needs its weights: name the checkpoint's file with --checkpoint")
    return ModelPlan(name, options.checkpoint, _model_options(options))


def _model_options(options: argparse.Namespace) -> dict[str, Any]:
    """What the command line says about the model; what it leaves open is the preset's or the model's own."""
    from bench.run import presets

    preset = presets.get(options.preset)
    motion = options.keypoint_motion or preset.keypoint_motion
    chosen = {
        "precision": options.precision,
        "variant": options.variant,
        "motion": motion if motion != "absolute" else None,
        "adapt_scale": options.adapt_scale or preset.adapt_scale or None,
        "best_frame": options.best_frame,
    }
    return {name: value for name, value in chosen.items() if value is not None}


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
        *(f"left out  {one.name}: {one.reason}" for one in suite.left_out),
    ]
    for line in lines:
        console.print(Text(line), soft_wrap=True)
