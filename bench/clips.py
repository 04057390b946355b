"""A clip: one video with its id, and where it comes from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Box(NamedTuple):
    """A part of the upright picture in pixels; `right` and `bottom` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Clip:
    """One test video.

    `source` is a picture or video of somebody else to animate; None takes the clip's own first frame.
    `start` and `end` (seconds) and `crop` select a part of the file; None takes all of it. `person` groups clips of
    one speaker for statistics. `views` maps a free-view setting to the video of the same performance seen from there.
    """

    id: str
    path: Path
    person: str | None = None
    source: Path | None = None
    start: float | None = None
    end: float | None = None
    crop: Box | None = None
    views: Mapping[str, Path] = field(default_factory=dict)


def set_digest(clips: Iterable[Clip]) -> str:
    """sha256 over ids, selections and file contents in any order; a file that is not there counts as absent."""
    selections = ((clip.id, clip.start, clip.end, clip.crop, *_file_digests(clip)) for clip in clips)
    lines = sorted("\t".join(str(part) for part in selection) for selection in selections)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _file_digests(clip: Clip) -> list[str]:
    return [_file_digest(path) for path in (clip.path, clip.source) if path is not None]


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "absent"
