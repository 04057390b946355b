"""How raw videos become suite data, and what became of each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import field_validator

from bench.lists.listed import ListedBox, Span
from bench.record import Record
from bench.store import readable

CropMode = Literal["face", "listed", "tubes", "whole"]
Status = Literal["prepared", "rejected", "missing"]

VERSION = 1
"""Raised whenever the same recipe would make other files."""


class Recipe(Record):
    """Everything that the pixels and the sound of prepared clips depend on.

    It stands in the suite file of prepared data, and with that in the protocol of every run on it. `size` is
    (height, width). `fps` None keeps each video's own frames; a rate takes, for every time k / fps, the
    frame nearest in time. `crop`: the square around the only `face`, the `listed` box, the `whole` frame, or the
    public script's `tubes`, each a clip of its own. `face` and `tubes` find faces with `detector`.
    """

    version: int = VERSION
    size: tuple[int, int] = (256, 256)
    kernel: str = "skimage-antialias-linear"
    fps: float | None = None
    crop: CropMode = "face"
    detector: str = "yunet"
    codec: Literal["ffv1", "h264"] = "ffv1"

    @property
    def crop_rule(self) -> str:
        """The crop in words, with the detector where one was asked."""
        return {
            "face": f"square around the only face, grown by a tenth ({self.detector})",
            "tubes": f"the public crop script's tubes ({self.detector})",
            "listed": "listed",
            "whole": "none",
        }[self.crop]

    @property
    def summary(self) -> str:
        """What was done to the frames besides the crop."""
        return f"version {self.version}: {self.size[1]}x{self.size[0]} by {self.kernel}, kept as {self.codec}"

    @property
    def frame_rate(self) -> str:
        """`native`, or the rate to which frames were resampled."""
        return "native" if self.fps is None else f"{self.fps:g} by time"

    @property
    def digest(self) -> str:
        """sha256 of the recipe."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


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
