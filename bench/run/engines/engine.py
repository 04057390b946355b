"""What an engine is: a place where clips run. Each is a file of its own beside this one, named in `choice.py`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Protocol

from bench.clips import Clip
from bench.results.clip_result import ClipResult

Description = Mapping[str, str | float | bool]
"""What a model says of itself."""

Ended = Generator[tuple[int, ClipResult], None, None]
"""Clips as they end: the place in the suite, and the result."""


class Engine(Protocol):
    """What is benchmarked, loaded and ready for clips, in as many processes and on as many machines as it likes."""

    @property
    def description(self) -> Description:
        """What is benchmarked."""

    def run(self, clips: Mapping[int, Clip], on_frames: Callable[[int], None]) -> Ended:
        """Run clips, given by their places in the suite, in any order: each ends once.

        A clip that cannot be run, or that kills its process, has failed: that is a result too. `on_frames` is told of
        frames that are on their way to the scores, or were. Closing the generator ends at once what is at work.
        """
