"""`benchmark.py compare BEFORE AFTER`: one run against another, or against a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.commands.gate_options import add_options
from bench.commands.parser import Parser


def main(argv: Sequence[str]) -> int:
    """`benchmark.py compare BEFORE AFTER`: two run folders, or a baseline file and a run folder."""
    parser = Parser(
        prog="benchmark.py compare",
        description="Compare a run with an earlier one or with a baseline; exit code 3 if something got worse.",
        allow_abbrev=False,
    )
    parser.add_argument("before", type=Path, metavar="BEFORE", help="a run folder or a baseline file")
    parser.add_argument("after", type=Path, metavar="AFTER", help="a run folder")
    add_options(parser)
    options = parser.parse_args(list(argv))
    from bench.gate import baseline as baselines
    from bench.gate.check import mistakes_in, publish
    from bench.gate.judge import judge, judged
    from bench.gate.tolerances import Tolerances, check_has
    from bench.results.run_results import read_run

    with mistakes_in(options.junit):
        before, run = baselines.read_side(options.before), read_run(options.after)
        after = baselines.of_run(run)
        metrics, settings = run.manifest.metrics, (*run.manifest.settings, *before.rows)
        asked = Tolerances.parse(options.tolerance, {m.id: judged(m).direction for m in metrics}, settings=settings)
        check_has(before.values, asked.entries, before.label)
        judgement = judge(
            before,
            after,
            metrics,
            Tolerances(before.tolerances).updated(asked),
            every_clip=baselines.is_baseline(options.before),
            allow_missing=options.allow_missing,
        )
        return publish(judgement, junit=options.junit, markdown=options.summary, github=options.github)
