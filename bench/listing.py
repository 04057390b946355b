"""`benchmark.py list suites|metrics|models|settings`: what there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.parser import Parser


def main(argv: Sequence[str]) -> int:
    """Print one list; returns the exit code."""
    parser = Parser(prog="benchmark.py list", description="Say what there is.", allow_abbrev=False)
    parser.add_argument("what", choices=tuple(_LISTS))
    _LISTS[parser.parse_args(argv).what]()
    return 0


def _suites() -> None:
    from bench import suite

    _print(
        ("suite", "version", "clips", "licence", "title"),
        [_suite_row(suite.FOLDER / f"{name}.toml") for name in suite.names()],
    )


def _suite_row(path: object) -> tuple[str, ...]:
    import tomllib
    from pathlib import Path

    from bench.suite import SuiteFile

    written = SuiteFile.read(tomllib.loads(Path(str(path)).read_text("utf-8")), where=f"suite file '{path}'")
    count = f"list '{written.published}'" if written.published else str(len(written.clips))
    return (written.id, str(written.version), count, written.licence, written.title)


def _metrics() -> None:
    from bench.table import ARROWS
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
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, header_style="bold")
    for name in head:
        grid.add_column(name)
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    Console().print(grid)
