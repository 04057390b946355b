"""Metric cards: one page a metric under docs/metrics, whose facts are written from the code.

`python -m docs.cards` refreshes titles, facts and the index; `--check` writes nothing and fails where they are
stale. The prose is written by hand, under `HEADINGS`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.commands.parser import Parser
from bench.errors import BenchError
from metrics import registry

if TYPE_CHECKING:
    from bench.weights import WeightsFile
    from metrics.metric import Metric, Need

FOLDER: Final = Path(__file__).parent / "metrics"
HEADINGS: Final = ("Definition", "How to read it", "Pitfalls", "Protocol", "Calibration")
BEGIN: Final = "<!-- written by python -m docs.cards -->"
END: Final = "<!-- written by hand from here -->"

_BLOCK: Final = re.compile(f"{re.escape(BEGIN)}\n.*?{re.escape(END)}", re.DOTALL)
_BETTER: Final = {"higher": "higher ↑", "lower": "lower ↓", "none": "neither"}
_NEEDS: Final[dict[Need, str]] = {
    "reference": "reference video",
    "driving": "driving video",
    "audio": "sound",
    "source": "source frame",
}


def main(argv: Sequence[str]) -> int:
    """Refresh all cards and the index, or with `--check` compare them; returns the exit code, 1 where some are stale.

    Raises:
        BenchError: there is no card of a metric, or a page has not its two marking lines.
    """
    parser = Parser(prog="python -m docs.cards", description="Refresh the facts in docs/metrics from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a card is stale")
    check = parser.parse_args(argv).check
    stale = [(path, text) for path, text in pages() if path.read_text(encoding="utf-8") != text]
    for path, text in stale:
        if not check:
            path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(FOLDER.parents[1])}: {'stale' if check else 'refreshed'}")
    if check and stale:
        print("refresh them with 'python -m docs.cards'")
    return int(check and bool(stale))


def pages() -> list[tuple[Path, str]]:
    """Every card, and the index, with the text that it should have."""
    metrics = [registry.get(name) for name in registry.TABLE]
    cards = [(path_of(metric.id), card(metric)) for metric in metrics]
    rows = [
        f"| [{metric.label}]({metric.id}.md) | `{metric.id}` | {_BETTER[metric.direction]} | {metric.unit} "
        f"| {_needs(metric)} | {meaning(text)} |"
        for metric, (_, text) in zip(metrics, cards, strict=True)
    ]
    head = ["| metric | id | better | unit | needs | what it says |", "|---|---|---|---|---|---|"]
    index = FOLDER / "README.md"
    return [*cards, (index, _with_block(index, [*head, *rows]))]


def path_of(name: str) -> Path:
    """Where the card of the metric `name` lies."""
    return FOLDER / f"{name}.md"


def card(metric: Metric) -> str:
    """The metric's card as it should be: its prose with the title and the facts of the code.

    Raises:
        BenchError: there is no card, or it has not its two marking lines.
    """
    text = _with_block(path_of(metric.id), facts(metric))
    return "\n".join([f"# {metric.label}", *text.split("\n")[1:]])


def meaning(text: str) -> str:
    """The one line under a card's title."""
    return text.split("\n")[2]


def facts(metric: Metric) -> list[str]:
    """The lines of the facts table."""
    weights = _weights(metric)
    to_fetch = [file.name for file in weights if file.urls]
    rows = {
        "id": f"`{metric.id}`",
        "version": str(metric.version),
        "better": _BETTER[metric.direction],
        "unit": metric.unit or "none",
        "range": _range(metric),
        "ideal": "none" if metric.ideal is None else _number(metric.ideal * metric.scale),
        "values": "one a frame; a clip's is their mean" if metric.per_frame else "one a clip",
        "needs": _needs(metric),
        "weights": ", ".join(map(_file, weights)) or "none",
        "fetched by": f"`python benchmark.py weights fetch {' '.join(to_fetch)}`" if to_fetch else "",
        "licence": ", ".join(["code MIT", *(f"`{file.name}` ({file.licence})" for file in weights)]),
        "definition": metric.definition,
        "source": metric.source,
    }
    return ["| | |", "|---|---|", *(f"| {name} | {_escape(value)} |" for name, value in rows.items() if value)]


def _with_block(path: Path, lines: Sequence[str]) -> str:
    """The file's text with `lines` between its markers."""
    if not path.exists():
        raise BenchError(f"there is no card {path}: write it after the pattern of the others in its folder")
    text, found = _BLOCK.subn(lambda _: "\n".join([BEGIN, "", *lines, "", END]), path.read_text(encoding="utf-8"))
    if found != 1:
        raise BenchError(f"{path} has {found} blocks between the lines '{BEGIN}' and '{END}': give it one")
    return text


def _weights(metric: Metric) -> list[WeightsFile]:
    from bench import weights

    return [weights.get(name) for name in metric.weights]


def _file(file: WeightsFile) -> str:
    carrier = f"in the package {file.package}" if file.package else f"`{file.file}`"
    size = f", {file.megabytes:.0f} MB" if file.megabytes and file.megabytes >= 0.5 else ""
    return f"`{file.name}` ({carrier}{size})"


def _needs(metric: Metric) -> str:
    return ", ".join(words for need, words in _NEEDS.items() if need in metric.needs) or "the video alone"


def _range(metric: Metric) -> str:
    shown = " to ".join(_number(bound * metric.scale) for bound in metric.bounds)
    return shown if metric.scale == 1.0 else f"{shown} (stored as {' to '.join(map(_number, metric.bounds))})"


def _number(value: float) -> str:
    return f"{value:g}".replace("inf", "∞").replace("-", "−")


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BenchError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
