"""Names of other libraries' metrics: `piq:NAME` and `pyiqa:NAME`; loads none of them."""

from __future__ import annotations

import importlib.util
from typing import Final, Literal

from bench.errors import BenchError
from bench.near_names import hint

Kind = Literal["pair", "single"]

# piq's name → what is called, whether it is made once (a network) or is a function, its direction and what it looks at.
PIQ: Final[dict[str, tuple[str, Literal["function", "network"], Literal["higher", "lower"], Kind]]] = {
    "psnr": ("psnr", "function", "higher", "pair"),
    "ssim": ("ssim", "function", "higher", "pair"),
    "multi_scale_ssim": ("multi_scale_ssim", "function", "higher", "pair"),
    "information_weighted_ssim": ("information_weighted_ssim", "function", "higher", "pair"),
    "vif_p": ("vif_p", "function", "higher", "pair"),
    "fsim": ("fsim", "function", "higher", "pair"),
    "srsim": ("srsim", "function", "higher", "pair"),
    "gmsd": ("gmsd", "function", "lower", "pair"),
    "multi_scale_gmsd": ("multi_scale_gmsd", "function", "lower", "pair"),
    "vsi": ("vsi", "function", "higher", "pair"),
    "dss": ("dss", "function", "higher", "pair"),
    "haarpsi": ("haarpsi", "function", "higher", "pair"),
    "mdsi": ("mdsi", "function", "lower", "pair"),
    "lpips": ("LPIPS", "network", "lower", "pair"),
    "dists": ("DISTS", "network", "lower", "pair"),
    "pieapp": ("PieAPP", "network", "lower", "pair"),
    "brisque": ("brisque", "function", "lower", "single"),
    "total_variation": ("total_variation", "function", "lower", "single"),
}
NAMES: Final = ("piq", "pyiqa")


def belongs(name: str) -> bool:
    """Whether `name` asks for a library's metric; it need not exist."""
    return name.partition(":")[0] in NAMES and ":" in name


def check(name: str) -> None:
    """Raise `BenchError` if the library is not installed, or is known not to have the metric.

    pyiqa's own list is long and comes with a heavy import: its names are checked when the metric is made.
    """
    library, _, wanted = name.partition(":")
    if importlib.util.find_spec(library) is None:
        remedy = (
            f"pip install {library}" if library != "pyiqa" else "pip install pyiqa (PolyForm Noncommercial licence)"
        )
        raise BenchError(f"metric '{name}' needs the library {library}, which is not installed: {remedy}")
    if library == "piq" and wanted not in PIQ:
        raise unknown(name, wanted, list(PIQ))


def unknown(name: str, wanted: str, names: list[str]) -> BenchError:
    """The error for a metric that a library does not have."""
    meant = hint(wanted, names, most=3, cutoff=0.5)
    return BenchError(f"there is no metric '{name}': {meant}it has {', '.join(names)}")
