"""`benchmark.py list suites|metrics|models|settings`: what there is; `list suites NAME`: what one suite is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.commands.parser import Parser
from bench.errors import BenchError

if TYPE_CHECKING:
    from bench.suites.suite_file import SuiteFile


def main(argv: Sequence[str]) -> int:
    """Print one list; returns the exit code.

    Raises:
        BenchError: there is no suite of that name.
    """
    parser = Parser(prog="benchmark.py list", description="Say what there is.", allow_abbrev=False)
    parser.add_argument("what", choices=tuple(_LISTS))
    parser.add_argument("name", nargs="?", metavar="SUITE", help="one suite: its list, licence, and what is present")
    parser.add_argument("--data", type=Path, metavar="DIR", help="where that suite's data should be")
    options = parser.parse_args(argv)
    if options.name is None:
        _LISTS[options.what]()
    elif options.what == "suites":
        _suite(options.name, options.data)
    else:
        raise BenchError(f"'list {options.what}' takes no name: '{options.name}' is one too many")
    return 0


def _suites() -> None:
    from bench.suites import suite

    rows = []
    for name in suite.names():
        written = suite.written(name)
        count = f"list '{written.published}'" if written.published else str(len(written.clips))
        rows.append((written.id, str(written.version), count, written.title))
    _print(("suite", "version", "clips", "title"), rows)
    print("\n'benchmark.py list suites NAME --data DIR' says its licence, how to get it and what of it is there.")


def _suite(name: str, data: Path | None) -> None:
    from rich.table import Table
    from rich.text import Text

    from bench.commands.terminal import terminal
    from bench.suites import suite

    written = suite.written(name)
    grid = Table(box=None, show_header=False)
    for label, text in _facts(name, written, data):
        grid.add_row(Text(label, style="bold"), Text(text))
    terminal().print(grid)


def _facts(name: str, written: SuiteFile, data: Path | None) -> Iterator[tuple[str, str]]:
    from bench.suites import published_numbers, suite
    from bench.suites.lists.catalogue import LISTS

    yield "suite", f"{written.id}, version {written.version}: {written.title}"
    yield "licence", written.licence
    yield "settings", "  ".join(written.settings)
    if written.published:
        source = LISTS[written.published]
        for file, (address, sha256) in source.files.items():
            yield f"DIR/{file}", f"{address}  sha256 {sha256}"
        if not source.files:
            yield f"DIR/{source.name}", f"put {source.what} there"
    else:
        yield "clips", ", ".join(entry.id for entry in written.clips)
    if written.how_to_get:
        yield "to get it", written.how_to_get
    if name in published_numbers.datasets():
        yield "published", f"numbers of others: python report.py --published {name}"
    if data is None and (written.published or written.how_to_get):
        yield "present", "say where with --data DIR"
        return
    try:
        found = suite.load(name, data=data)
    except BenchError as error:
        yield "present", str(error)
    else:
        yield "present", f"{len(found.clips)} of {found.listed}" + (f" under {data}" if data is not None else "")


def _metrics() -> None:
    from bench.report.tables.table import ARROWS
    from metrics import registry

    chosen = [registry.get(name) for name in registry.TABLE]
    rows = [
        (metric.id, str(metric.version), ARROWS[metric.direction], metric.unit, metric.definition) for metric in chosen
    ]
    _print(("metric", "version", "better", "unit", "definition"), rows)
    print("\nEvery metric has a card under docs/metrics; piq:NAME and pyiqa:NAME run any metric of those libraries.")


def _models() -> None:
    from model import registry

    _print(("model", "loaded by"), list(registry.known().items()))


def _settings() -> None:
    rows = [
        ("original", "the driving pose as it is"),
        ("free-view:30,10,0", "yaw, pitch and roll replaced by these degrees"),
        ("free-view:30,-,-", "yaw replaced, pitch and roll as driven"),
        ("free-view:30,10,0@relative", "these degrees added to the driving pose"),
    ]
    _print(("setting", "meaning"), rows)


_LISTS: dict[str, Callable[[], None]] = {
    "suites": _suites,
    "metrics": _metrics,
    "models": _models,
    "settings": _settings,
}


def _print(head: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from bench.commands.terminal import terminal

    grid = Table(box=None, header_style="bold")
    for name in head:
        grid.add_column(name)
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    terminal().print(grid)
