"""How raw videos become suite data, and what became of each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import field_validator

from bench.file_names import readable
from bench.record import Record
from bench.suites.lists.listed import ListedBox, Span

Status = Literal["prepared", "rejected", "missing"]


@dataclass(frozen=True, slots=True)
class Task:
    """One clip to make. `path` is None where the raw video is not there; `wanted` then says which."""

    id: str
    path: Path | None
    wanted: str = ""
    span: Span | None = None
    box: ListedBox | None = None
    person: str | None = None

    @property
    def digest(self) -> str:
        """sha256 of what is cut, and of the raw file's size, time and permissions."""
        facts = self.path.stat() if self.path is not None and self.path.is_file() else None
        selection = (
            self.id,
            str(self.path),
            self.span,
            self.box,
            facts and (facts.st_size, facts.st_mtime_ns, facts.st_mode),
        )
        return hashlib.sha256(repr(selection).encode("utf-8", "surrogateescape")).hexdigest()


class Prepared(Record):
    """What became of a clip: a file, or the reason why there is none.

    `box` is left, top, right, bottom in the raw video's upright pixels; `start` and `end` are seconds from its first
    shown frame; `sha256` is the file's.
    """

    id: str
    status: Status
    reason: str = ""
    file: str = ""
    source: str = ""
    person: str | None = None
    box: tuple[int, int, int, int] | None = None
    start: float | None = None
    end: float | None = None
    frames: int = 0
    fps: float | None = None
    audio: bool = False
    sha256: str = ""
    warnings: tuple[str, ...] = ()

    @field_validator("reason", "source")
    @classmethod
    def _name_files_readably(cls, text: str) -> str:
        return readable(text)


class Done(Record):
    """A task and its clips; while the digests `recipe` and `task` stay, it is not done again."""

    recipe: str
    task: str
    clips: tuple[Prepared, ...]
