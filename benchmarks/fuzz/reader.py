"""What is fuzzed: a reader with valid examples of its input, and a way to make hostile ones of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

Thunk = Callable[[], object]
Case = Callable[[Random, Path], Thunk]
"""Writes one hostile input into an empty folder; what it returns reads that."""


@dataclass(frozen=True, slots=True)
class Reader:
    """`begin` makes valid examples in a folder of its own, once a process.

    Of N cases it gets `share` times as many: what is quick to read is read more often. `seconds` is what one case may
    take; `megabytes` by how much it may raise the process's peak of memory.
    """

    name: str
    begin: Callable[[Path], Case]
    share: float = 1.0
    seconds: float = 20.0
    megabytes: int = 300
