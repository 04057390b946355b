"""Options of a run that contradict each other or ask for what is not there, told before the first clip."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from bench.errors import BenchError
from bench.files.presence import is_file, is_there

if TYPE_CHECKING:
    from bench.run.plan import Plan
    from bench.suites.suite import Suite


def check_names(options: argparse.Namespace) -> None:
    """Raise `BenchError` for names of nothing, options that need or exclude each other, and a baseline that is none."""
    from bench.run import presets
    from bench.settings import Setting
    from metrics import registry as metrics
    from model import registry as models

    for setting in options.settings or ():
        Setting.parse(setting)
    for metric in options.metrics or ():
        metrics.check(metric)
    models.check("static" if options.model is None else options.model)
    presets.get(options.preset)
    if sum(choice is not None for choice in (options.model, options.predictions, options.model_command)) > 1:
        raise BenchError("--model, --predictions and --model-command exclude each other: name what is to be scored")
    if options.suite is None and options.videos is None and options.pairs is None:
        raise BenchError("nothing to run: name a suite with --suite or videos with --videos")
    _company(options)
    _baseline(options)


def _company(options: argparse.Namespace) -> None:
    """Options that would change nothing, for want of another or beside another."""
    from model import registry as models

    goes_on = "--retry-failed" if options.retry_failed else "--resume" if options.resume else None
    if goes_on is not None and options.out is None:
        raise BenchError(f"{goes_on} goes on with the run of a folder: name it with --out")
    if goes_on is not None and options.overwrite:
        raise BenchError(f"{goes_on} goes on with the run that --overwrite replaces: leave one of them out")
    if options.allow_missing and options.update_baseline:
        raise BenchError("--allow-missing is for comparing with a baseline: leave it out with --update-baseline")
    if options.update_baseline and options.check is None:
        raise BenchError("--update-baseline writes the file that --check names: add --check BASELINE.json")
    given = {
        "--tolerance": bool(options.tolerance),
        "--allow-missing": bool(options.allow_missing),
        "--junit": options.junit is not None,
        "--summary": options.summary is not None,
        "--github": options.github is not None,
    }
    if options.check is None and any(given.values()):
        option = next(name for name, value in given.items() if value)
        raise BenchError(f"{option} belongs to the gate: add --check BASELINE.json")
    if options.in_process and options.engine == "ray":
        raise BenchError("--in-process keeps a model in this process, and --engine ray takes it elsewhere: name one")
    if options.in_process and options.timeout is not None:
        raise BenchError("--timeout ends a clip with its process, which --in-process forbids: leave one of them out")
    if options.in_process and options.jobs not in (None, 1):
        raise BenchError("--in-process is for one clip at a time: leave --jobs out")
    if options.in_process and (options.model is None or options.model in models.TABLE):
        raise BenchError("--in-process is for a model of your own, and others run in this process: leave it out")
    for option, value in (("--pattern", options.pattern), ("--predictions-list", options.predictions_list)):
        if value is not None and options.predictions is None:
            raise BenchError(f"{option} says which files of --predictions are meant: add --predictions DIR")
    finished = options.predictions is not None or options.model_command is not None
    for option, given_ in (("--panel", options.panel > 0), ("--sound prediction", options.sound == "prediction")):
        if given_ and not finished:
            raise BenchError(f"{option} is for finished videos: add --predictions DIR or --model-command CMD")
    if options.address is not None and options.engine != "ray":
        raise BenchError("--address names the Ray cluster to run on: add --engine ray")
    scored = "--predictions" if options.predictions is not None else "--model-command"
    if options.predictions is None and options.model_command is None:
        return
    for option, value in (("--checkpoint", options.checkpoint), ("--precision", options.precision)):
        if value is not None:
            raise BenchError(f"{option} is for a model that this benchmark loads: leave it out with {scored}")


def _baseline(options: argparse.Namespace) -> None:
    """Read the baseline now rather than after the last clip; what is wrong with it stands in JUnit, too."""
    if options.check is None:
        return
    if options.junit is None:
        _read_baseline(options)
        return
    from bench.gate.check import mistakes_in

    with mistakes_in(options.junit):
        _read_baseline(options)


def _read_baseline(options: argparse.Namespace) -> None:
    if options.check.suffix != ".json":
        raise BenchError(f"--check '{options.check}' is not called .json, as baselines are: name one")
    if not options.update_baseline and not is_file(options.check):
        raise BenchError(f"--check '{options.check}' is not there: write it with --update-baseline")
    from bench.gate import baseline

    if not options.update_baseline:
        baseline.read_side(options.check)
    elif is_there(options.check):
        baseline.read(options.check)


def check_gate(options: argparse.Namespace, suite: Suite, plan: Plan) -> None:
    """Raise `BenchError` where the run that is planned could not be held against its baseline; JUnit says it, too.

    So it is with tolerances and `--allow-missing` of what neither has, with what the baseline has and the run will not
    measure, and, unless it is a dry run, with another protocol as far as it is known before the first clip.
    """
    from bench.gate.baseline import planned, read_side
    from bench.gate.check import mistakes_in, tell
    from bench.gate.judge import Judgement, judged, refuse_other
    from bench.gate.tolerances import Tolerances, check_has
    from bench.gate.unmeasured import refuse_unmeasured, unmeasured
    from bench.run.columns import columns, metrics_of
    from bench.run.run_protocol import protocol_of

    directions = {metric.id: judged(metric).direction for metric in columns(suite, plan)}
    with mistakes_in(options.junit):
        before = None if options.update_baseline else read_side(options.check)
        settings = (*map(str, plan.rows), *(before.rows if before else ()))
        asked = Tolerances.parse(options.tolerance, directions, settings=settings)
        if before is None:
            return
        check_has(before.values, asked.entries, before.label)
        later = dict.fromkeys(map(str, plan.rows), directions)
        missing = unmeasured(before.values, later, before.rows, options.allow_missing)
        if not all(one.allowed for one in missing):
            judgement = Judgement(before.label, "this run", (), unmeasured=missing)
            tell(judgement, junit=options.junit, markdown=options.summary, github=options.github)
            refuse_unmeasured(missing, before.label)
        if not options.dry_run:
            protocol = protocol_of(suite, plan, metrics_of(suite, plan), plan.resources(), clip_set="")
            refuse_other(before, planned(protocol, before).without(options.allow_missing))
