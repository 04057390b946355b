"""How plots look: readable in grey and by colour-blind people, safe for any name."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.store import file_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's palette, without its yellow, which vanishes on paper.
COLOURS = ("#3b4252", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#7a5195")
LINES = ("-", ":", "-", "--", "-.", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (7, 2, 2, 2)))
HATCHES = ("", "///", "...", "\\\\\\", "xxx", "++", "ooo", "---")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_CJK = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "SimHei")


def colour(index: int) -> str:
    """Colour of a series."""
    return COLOURS[index % len(COLOURS)]


@contextmanager
def style() -> Iterator[None]:
    """Matplotlib settings of all plots, for the time of a with block; draws without a display."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import font_manager, rc_context

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    installed = {font.name for font in font_manager.fontManager.ttflist}
    settings: Any = {
        "font.family": ["DejaVu Sans", *(name for name in _CJK if name in installed)],
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
    with rc_context(settings), warnings.catch_warnings():
        # A script that no installed font has is drawn as boxes; the tables have the name.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write a figure as PDF and PNG, and close it."""
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{file_name(name)}.{suffix}" for suffix in ("pdf", "png")]
    for path in paths:
        # Without dates, the same results make the same file.
        metadata = {"CreationDate": None} if path.suffix == ".pdf" else {"Software": None}
        figure.savefig(path, metadata=metadata)
    plt.close(figure)
    return paths
