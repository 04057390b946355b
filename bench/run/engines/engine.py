"""What an engine is: a place where clips run. Each is a file of its own beside this one, named in `choice.py`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Protocol

from bench.results.clip_result import ClipResult
from bench.run.clip_task import ClipTask

Description = Mapping[str, str | float | bool]
"""What a model says of itself."""

Ended = Generator[tuple[int, ClipResult], None, None]
"""Clips as they end: the place in the suite, and the result."""


class Engine(Protocol):
    """What is benchmarked, loaded and ready for clips, in as many processes and on as many machines as it likes."""

    @property
    def description(self) -> Description:
        """What is benchmarked."""

    @property
    def where(self) -> str:
        """Where clips run, if that is not this machine: one line for the terminal."""

    def run(self, tasks: Mapping[int, ClipTask], on_frames: Callable[[int], None]) -> Ended:
        """Do what is left of clips, given by their places in the suite, in any order: each ends once.

        A clip that cannot be run, or that kills its process, has failed: that is a result too, whose record says with
        `transient` whether it may succeed the next time. Once all have ended, this may be called again. `on_frames` is
        told of frames that are on their way to the scores, or were. Closing the generator ends at once what is at work.
        """
