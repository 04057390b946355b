"""How plots look: readable in grey and by colour-blind people, safe for any name."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.file_names import file_name
from bench.report.tables.words import Words, code_points

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

logger = logging.getLogger(__name__)

# Okabe and Ito's palette, without its yellow, which vanishes on paper.
COLOURS = ("#3b4252", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#7a5195")
LINES = ("-", ":", "-", "--", "-.", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (7, 2, 2, 2)))
HATCHES = ("", "///", "...", "\\\\\\", "xxx", "++", "ooo", "---")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
SOFT = "#5b6675"
_CJK = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "SimHei")


def colour(index: int) -> str:
    """Colour of a series."""
    return COLOURS[index % len(COLOURS)]


def line(index: int) -> Any:
    """Line style of a series: colours come again after eight series, then with other dashes."""
    return LINES[(index + 3 * (index // len(COLOURS))) % len(LINES)]


@contextmanager
def style() -> Iterator[None]:
    """Matplotlib settings of all plots, for the time of a with block; draws without a display."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import rc_context

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    settings: Any = {
        "font.family": list(_families()),
        "font.size": 9,
        # Names may hold dollar signs.
        "text.parse_math": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#e3e6eb",
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "figure.dpi": 100,
        "savefig.dpi": 200,
        "pdf.fonttype": 42,
        "hatch.linewidth": 0.6,
    }
    with rc_context(settings):
        yield


@lru_cache(maxsize=1)
def _families() -> tuple[str, ...]:
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ("DejaVu Sans", *(name for name in _CJK if name in installed))


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    """Code points that the fonts of plots have."""
    from matplotlib import font_manager

    fonts = [font_manager.get_font(font_manager.findfont(name)) for name in _families()]
    return frozenset().union(*(font.get_charmap() for font in fonts))


def drawable(text: str) -> str:
    """`text` with code points in the place of characters that no font here has, and of control characters."""
    known = _characters()
    marked = "".join(c if ord(c) in known and c.isprintable() else "\0" for c in text)
    return re.sub(r"\0+", lambda gap: code_points(text[gap.start() : gap.end()]), marked)


def short(text: str, limit: int) -> str:
    """`text` with its middle left out where it is longer than `limit` characters."""
    half = (limit - 1) // 2
    return text if len(text) <= limit else f"{text[:half]}…{text[-half:]}"


def plot_words(words: Words) -> Words:
    """`words`, or the English ones where no font here has the others."""
    if drawable(words("frame")) == words("frame"):
        return words
    logger.warning("no font of this machine has the characters of '%s': the plots are in English", words.language)
    return Words("en")


def legend(figure: Figure, handles: Sequence[Artist], labels: Sequence[str], *notes: str) -> None:
    """A legend under the plots, in as many columns as fit, below small remarks; empty ones are left out."""
    from matplotlib.legend import Legend

    widest = max(map(len, labels), default=1)
    columns = max(1, int(figure.get_figwidth() / (0.7 + 0.085 * widest)))
    remarks: dict[str, Any] = {"title": "\n".join(filter(None, notes)), "title_fontsize": 7}
    made: Legend = figure.legend(
        list(handles), list(labels), loc="outside lower center", ncols=max(1, min(columns, len(labels))), **remarks
    )
    made.get_title().set_color(SOFT)


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write a figure as PDF and PNG, and close it."""
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{file_name(name)}.{suffix}" for suffix in ("pdf", "png")]
    for path in paths:
        # Without dates, the same results make the same file.
        metadata = {"CreationDate": None} if path.suffix == ".pdf" else {"Software": None}
        figure.savefig(path, metadata=metadata)
        figure.set_layout_engine("none")  # the arrangement stays; to find it takes longer than to draw
    plt.close(figure)
    return paths
