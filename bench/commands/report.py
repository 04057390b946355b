"""The command `report.py`: its options are checked before anything heavy is loaded."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.commands.parser import Parser, add_version
from bench.errors import BenchError
from bench.files.presence import is_file
from bench.report.kinds import FORMATS, PLOTS

DONE, MISTAKE, INTERRUPTED = 0, 2, 130

_EPILOG = """\
examples:
  python report.py results/RUN                                  a page and a table in Markdown, in results/RUN/report
  python report.py results/A results/B --format md csv latex    models compared, in results/A/comparison
  python report.py results/RUN --format latex --columns fid:pooled psnr ssim lpips --digits psnr=1
  python report.py results/RUN --serve                          the page in a browser, from this machine only
  python report.py --published portraits7                       published figures by themselves

exit codes: 0 done; 2 a mistake in what was asked for
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code. A user's mistake is one sentence on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        options = parser().parse_args(list(sys.argv[1:] if argv is None else argv))
        _check(options)
        from bench.report.write import write_report

        return write_report(options)
    except BenchError as error:
        print(f"report.py: {error}", file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def parser() -> Parser:
    """Parser of the command."""
    made = Parser(
        prog="report.py",
        description="Turn run folders into tables, plots and a page. Results are read, never computed again.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_version(made)
    made.add_argument("runs", nargs="*", type=Path, metavar="RUN", help="run folders; several are compared")
    made.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: RUN/report)")
    made.add_argument(
        "--allow-mixed", action="store_true", help="put runs of different protocols or videos in one table, marked"
    )
    made.add_argument(
        "--published",
        nargs="?",
        const="",
        metavar="DATASET",
        help="add published figures, greyed (default: of the runs' suite)",
    )
    tables = made.add_argument_group("tables")
    tables.add_argument(
        "--format",
        nargs="+",
        choices=FORMATS,
        metavar="F",
        help=f"{', '.join(FORMATS)} (default: md html); html is the page, and the tables without scripts",
    )
    tables.add_argument(
        "--columns", nargs="+", metavar="ID", help="columns in this order: psnr, fid:pooled, niqe:closeness"
    )
    tables.add_argument("--digits", nargs="+", metavar="N|ID=N", help="decimals, of all columns or of one")
    tables.add_argument("--transpose", action="store_true", help="metrics as rows")
    tables.add_argument("--caption", metavar="TEXT", help="caption of the summary")
    tables.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the tables (default: en)")
    pictures = made.add_argument_group("pictures")
    pictures.add_argument(
        "--plots",
        nargs="*",
        choices=PLOTS,
        metavar="KIND",
        help=f"plots as PDF and PNG: {', '.join(PLOTS)} (without KIND: all but radar)",
    )
    pictures.add_argument("--strips", action="store_true", help="a picture a clip: source, reference, settings, errors")
    page = made.add_argument_group("the page")
    page.add_argument("--serve", action="store_true", help="open the page at a local address until Ctrl-C")
    page.add_argument("--port", type=int, default=0, metavar="N", help="port of --serve (default: a free one)")
    return made


def _check(options: argparse.Namespace) -> None:
    for run in options.runs:
        if not is_file(run / "run.json"):
            raise BenchError(f"'{run}' is not a run folder: it has no run.json")
    if not options.runs and not options.published:
        raise BenchError("nothing to report: name a run folder, or published figures with --published DATASET")
    if not options.runs and (options.serve or options.strips or options.plots is not None):
        raise BenchError("--serve, --plots and --strips need a run folder: name one")
    if not options.runs and options.format and not options.out:
        raise BenchError("published figures by themselves belong to no run folder: say where to write with --out")
    options.format = options.format or ["md", "html"]
    if not 0 <= options.port <= 65535:
        raise BenchError(f"--port {options.port} is not a port: give a number up to 65535")
    if options.serve and "html" not in options.format:
        raise BenchError("--serve shows the page: leave html in --format")
