"""A clip: one video with its id, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bench.settings import Setting


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
    views: Mapping[Setting, Path] = field(default_factory=dict)
