"""Argument parser whose complaint is one sentence with near matches."""

from __future__ import annotations

import argparse
import difflib
from typing import NoReturn

from bench.errors import BenchError


class Parser(argparse.ArgumentParser):
    """Raises a BenchError where argparse would print its usage and exit."""

    def error(self, message: str) -> NoReturn:
        """Raise the complaint as a BenchError."""
        unknown = message.removeprefix("unrecognized arguments: ").split()
        if message.startswith("unrecognized") and unknown:
            options = [option for action in self._actions for option in action.option_strings]
            near = difflib.get_close_matches(unknown[0].partition("=")[0], options, n=2)
            hint = f"did you mean {' or '.join(near)}?" if near else f"'{self.prog} --help' lists the options"
            message = f"there is no option '{unknown[0]}': {hint}"
        raise BenchError(message)
