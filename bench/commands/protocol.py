"""`benchmark.py protocol show RUN` and `protocol diff A B`: how numbers were made, and what sets two runs apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.commands.parser import Parser


def main(argv: Sequence[str]) -> int:
    """Run the sub-command; returns 0, or 1 where two protocols differ."""
    parser = Parser(prog="benchmark.py protocol", description="How numbers were made.", allow_abbrev=False)
    actions = parser.add_subparsers(dest="action", required=True, metavar="{show,diff}")
    show = actions.add_parser("show", help="print the protocol of a run")
    show.add_argument("run", type=Path, metavar="RUN")
    diff = actions.add_parser("diff", help="say what differs between two runs; exit code 1 if anything does")
    diff.add_argument("first", type=Path, metavar="A")
    diff.add_argument("second", type=Path, metavar="B")
    options = parser.parse_args(argv)
    return _show(options.run) if options.action == "show" else _diff(options.first, options.second)


def _show(run: Path) -> int:
    from bench.results.run_folder import read_manifest

    protocol = read_manifest(run).protocol
    print(protocol.model_dump_json(indent=2))
    print(f"hash {protocol.hash}")
    return 0


def _diff(first: Path, second: Path) -> int:
    from rich.table import Table
    from rich.text import Text

    from bench.commands.terminal import UNCUT, terminal
    from bench.results.run_folder import read_manifest

    differences = read_manifest(first).protocol.differences(read_manifest(second).protocol)
    if not differences:
        print("the protocols agree")
        return 0
    grid = Table(box=None, header_style="bold")
    for name in ("field", str(first), str(second)):
        grid.add_column(Text(name), overflow="fold")
    for field, values in differences.items():
        grid.add_row(*(Text(cell) for cell in (field, *values)))
    terminal(UNCUT).print(grid)
    return 1
