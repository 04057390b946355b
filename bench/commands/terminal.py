"""The terminal that commands print to."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from bench.file_names import one_line

UNCUT = 10_000
"""Width for what is to stay in one line, such as paths."""


class _Plain(Console):
    """A console that obeys nothing that names and reasons contain: their control characters are written out."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich renders it, with its own line ends and colours alone."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text == "\n":
                yield segment
            else:
                yield Segment("\n".join(map(one_line, segment.text.split("\n"))), segment.style)


def terminal(width: int = 200) -> Console:
    """Standard output; a log or a pipe has no width of its own, so lines there are long (`width`) rather than cut."""
    console = _Plain()
    return console if console.is_terminal else _Plain(width=width)
