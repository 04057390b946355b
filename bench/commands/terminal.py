"""The terminal that commands print to."""

from __future__ import annotations

from rich.console import Console

UNCUT = 10_000
"""Width for what is to stay in one line, such as paths."""


def terminal(width: int = 200) -> Console:
    """Standard output; a log or a pipe has no width of its own, so lines there are long (`width`) rather than cut."""
    console = Console()
    return console if console.is_terminal else Console(width=width)
