"""Argument parser whose complaint is one sentence with near matches."""

from __future__ import annotations

import argparse
from typing import NoReturn

from bench import __version__
from bench.errors import BenchError
from bench.near_names import hint


class Parser(argparse.ArgumentParser):
    """Raises a BenchError where argparse would print its usage and exit."""

    commands: tuple[str, ...] = ()
    """Sub-commands that may be meant by a word that is no option."""

    def error(self, message: str) -> NoReturn:
        """Raise the complaint as a BenchError."""
        unknown = message.removeprefix("unrecognized arguments: ").split()
        if message.startswith("unrecognized") and unknown:
            is_option = unknown[0].startswith("-") or not self.commands
            options = [option for action in self._actions for option in action.option_strings]
            known = options if is_option else self.commands
            what = "option" if is_option else "command"
            meant = hint(unknown[0].partition("=")[0], known).rstrip() or f"'{self.prog} --help' lists the {what}s"
            message = f"there is no {what} '{unknown[0]}': {meant}"
        raise BenchError(message)


def add_version(parser: argparse.ArgumentParser) -> None:
    """Give a command the option `--version`."""
    parser.add_argument(
        "--version",
        action="version",
        version=f"talking-head-benchmark {__version__}",
        help="print the version and end",
    )
