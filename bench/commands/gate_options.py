"""Options of the regression gate, for `compare` and for a run with `--check`."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_options(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add the options that `compare` and `--check` share; returns their group."""
    group = parser.add_argument_group("the gate")
    group.add_argument(
        "--tolerance",
        nargs="+",
        default=[],
        metavar="T",
        help="allowed falls, in the unit of the tables or per cent: psnr:-0.1 lpips:+2%% lse_c@original:-0.2",
    )
    group.add_argument(
        "--allow-missing",
        nargs="+",
        default=[],
        metavar="NAME",
        help="metrics, settings, or METRIC@SETTING that the baseline has and that need not be measured now",
    )
    group.add_argument("--junit", type=Path, metavar="FILE", help="write the verdicts as JUnit XML")
    group.add_argument("--summary", type=Path, metavar="FILE", help="write the verdicts as Markdown")
    group.add_argument(
        "--github", action="store_true", default=None, help="print GitHub annotations (default: in GitHub Actions)"
    )
    return group
