"""`benchmark.py merge RUN… --out DIR`: the runs of all parts of a suite become the run of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.commands.parser import Parser


def main(argv: Sequence[str]) -> int:
    """Run the sub-command; returns 0, or 1 where clips have failed or parts are missing."""
    parser = Parser(
        prog="benchmark.py merge",
        description="Put the runs of all parts of a suite (--shard I/N) together: the tables of a run of the whole.",
        allow_abbrev=False,
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a run folder of a part")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the run folder of the whole")
    parser.add_argument("--overwrite", action="store_true", help="replace the run that --out holds")
    parser.add_argument("--partial", action="store_true", help="merge what is there, though parts are missing")
    options = parser.parse_args(list(argv))
    from rich.text import Text

    from bench.commands.terminal import terminal
    from bench.report.brief import Brief, write_brief
    from bench.report.formats.terminal import rich_table
    from bench.run.claim import claimed
    from bench.run.shards.merge import merge

    console = terminal()
    briefs: list[Brief] = []
    with claimed(options.out, options.runs, overwrite=options.overwrite):
        finished = merge(
            options.runs,
            options.out,
            partial=options.partial,
            command=("benchmark.py", "merge", *argv),
            at_end=lambda folder: briefs.append(write_brief(folder)),
        )
    (brief,) = briefs
    for table in brief.tables:
        console.print(rich_table(table, width=console.width))
    for alarm in brief.alarms:
        console.print(Text(f"⚠ {alarm}", style="bold red"))
    whole, there = finished.manifest.suite.selected, len(finished.manifest.clips)
    console.print(Text(f"{there} of {whole} clips of {len(options.runs)} runs: {finished.folder}"))
    return 1 if finished.failures or finished.damaged or not finished.manifest.complete else 0
