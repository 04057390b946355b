"""`benchmark.py weights`: what is needed, present, missing; fetch, verify, path."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from bench.commands.parser import Parser
from bench.errors import WeightsError
from bench.weights import files
from bench.weights.registry import REGISTRY, WeightsFile, get


def main(argv: Sequence[str]) -> int:
    """Run the sub-command; returns the exit code: 0, or 2 where something is missing or damaged.

    Raises:
        BenchError: a mistake on the command line, a name that is not registered, or a file that could not be fetched.
    """
    options = _parser().parse_args(argv)
    names = list(getattr(options, "names", []) or REGISTRY)
    chosen = [get(name) for name in names]
    action = options.action or "list"
    if action == "list":
        return _list(chosen, options.weights_dir)
    if action == "fetch":
        return _fetch(chosen, options.weights_dir)
    if action == "verify":
        return _verify(chosen, options.weights_dir)
    return _path(chosen, options.weights_dir)


def _parser() -> Parser:
    common = Parser(add_help=False)
    common.add_argument(
        "--weights-dir", type=Path, default=argparse.SUPPRESS, help=f"folder of weights (or ${files.ENVIRONMENT})"
    )
    parser = Parser(
        prog="benchmark.py weights", description="Official weights of the metrics' networks.", parents=[common]
    )
    parser.set_defaults(weights_dir=None)
    actions = parser.add_subparsers(dest="action", metavar="{list,fetch,verify,path}")
    for name, what in {
        "list": "what is needed, present and missing (the default)",
        "fetch": "fetch what is missing",
        "verify": "compare every file with its digest",
        "path": "print where files lie",
    }.items():
        action = actions.add_parser(name, help=what, description=what, parents=[common])
        action.add_argument("names", nargs="*", metavar="NAME", help="names of weights; all without any")
    return parser


def _list(chosen: list[WeightsFile], weights_dir: Path | None) -> int:
    from rich.console import Console
    from rich.table import Table

    from bench.run.presets import TABLE

    table = Table("weights", "state", "needed by", "size", "licence", box=None, pad_edge=False)
    missing = []
    for weights in chosen:
        path = files.locate(weights.name, weights_dir)
        needed = any(metric in TABLE["default"].metrics for metric in weights.used_by)
        if path is not None:
            word = "shipped" if weights.package else "present"
            weight = path.stat().st_size
            state, size = f"[green]{word}[/]", f"{weight / 1e6:.1f} MB" if weight >= 1e5 else f"{weight / 1e3:.0f} kB"
        else:
            state = "[red]missing[/]" if needed else "not here, optional"
            size = f"about {weights.megabytes:.0f} MB" if weights.megabytes else ""
            missing += [weights.name] if needed else []
        table.add_row(weights.name, state, ", ".join(weights.used_by), size, weights.licence)
    console = Console(soft_wrap=True)
    console.print(table)
    console.print(f"\nfolders: {', '.join(str(folder) for folder in files.folders(weights_dir))}")
    if missing:
        console.print(f"fetch what is missing: python benchmark.py weights fetch {' '.join(missing)}")
    return 0


def _fetch(chosen: list[WeightsFile], weights_dir: Path | None) -> int:
    from bench.weights.fetch import fetch

    failures = []
    for weights in chosen:
        try:
            print(f"{weights.name}: {fetch(weights.name, weights_dir)}")
        except WeightsError as error:  # the others still come
            failures.append(str(error))
    if failures:
        raise WeightsError("\n".join(failures))
    return 0


def _verify(chosen: list[WeightsFile], weights_dir: Path | None) -> int:
    code = 0
    for weights in chosen:
        path = files.locate(weights.name, weights_dir)
        if path is None:
            print(f"{weights.name}: not here")
            continue
        try:
            print(f"{weights.name}: good, sha256 {files.verified(weights, path)}")
        except WeightsError as error:
            print(error)
            code = 2
    return code


def _path(chosen: list[WeightsFile], weights_dir: Path | None) -> int:
    paths = {weights.name: files.locate(weights.name, weights_dir) for weights in chosen}
    for path in filter(None, paths.values()):
        print(path)
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        raise WeightsError(
            f"weights {', '.join(missing)} are not here: run 'python benchmark.py weights fetch {' '.join(missing)}'"
        )
    return 0
