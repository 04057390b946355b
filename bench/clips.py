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


@dataclass(frozen=True, slots=True)
class Digests:
    """What tells clips of equal ids apart: sha256 by clip, and of all of them together in any order."""

    clips: Mapping[str, str]
    """Clip → digest; empty where its video is not there."""
    whole: str


def digests(clips: Iterable[Clip]) -> Digests:
    """Digests over selections and the contents of videos, sources and true views; reads every clip's files once.

    A file that is not there counts as absent.
    """
    found, lines = {}, []
    for clip in clips:
        video = _file_digest(clip.path)
        others = [_file_digest(clip.source)] if clip.source is not None else []
        others += [f"{view} {_file_digest(path)}" for view, path in sorted(clip.views.items())]
        selection = "\t".join(map(str, (clip.start, clip.end, clip.crop, video, *others)))
        found[clip.id] = "" if video == _ABSENT else _sha256(selection)
        lines.append(f"{clip.id}\t{selection}")
    return Digests(found, _sha256("\n".join(sorted(lines))))


def unlike(first: Mapping[str, str], second: Mapping[str, str]) -> list[str]:
    """Clips that both have, under different digests; an empty digest is not known and differs from none."""
    return [clip for clip, digest in first.items() if digest and second.get(clip, "") not in ("", digest)]


_ABSENT = "absent"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return _ABSENT
