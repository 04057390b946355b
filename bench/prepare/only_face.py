"""The crop around the only face of a clip."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from bench.clips import Box
from bench.faces.boxes import Boxes
from bench.faces.detection import FaceDetector
from bench.faces.tracks import Joiner
from bench.faces.tubes import CROP_VIDEO, join, shrunk, squared

PRESENCE = 0.9
"""The face is in at least this share of the frames; a detector misses some."""
RIVAL_PRESENCE, RIVAL_AREA = 0.25, 0.25
"""Another face counts if it is in so much of the clip, and so large beside the first."""


class Rejected(Exception):
    """A clip cannot be prepared; the message is the reason that the report gives."""


@dataclass(slots=True)
class _Seen:
    union: Boxes
    frames: int = 0
    area: float = 0.0

    @property
    def mean_area(self) -> float:
        return self.area / self.frames


def only_face(batches: Iterable[Tensor], detector: FaceDetector) -> Box:
    """The square around all places of the face in (T, 3, H, W) uint8 batches, grown as the public crop script does.

    Faces are joined into tracks, over gaps of up to a second, as the SyncNet pipeline does.

    Raises:
        Rejected: there is no face, it is not there most of the time, or there are several.
    """
    joiner = Joiner()
    seen: dict[int, _Seen] = {}
    height = width = 0
    for pixels in batches:
        height, width = pixels.shape[-2:]
        small, factor = shrunk(pixels, CROP_VIDEO)
        for faces in detector.detect(small):
            for placed in joiner.push(faces.boxes * factor):
                track = seen.setdefault(placed.track, _Seen(placed.box))
                track.union = join(track.union, placed.box)
                track.frames += 1
                track.area += float(np.prod(placed.box[2:] - placed.box[:2]))
    return squared(_only(list(seen.values()), joiner.frames).union, CROP_VIDEO.increase, height, width)


def _only(tracks: list[_Seen], frames: int) -> _Seen:
    if not tracks:
        raise Rejected("no face was found in any frame")
    main = max(tracks, key=lambda track: (track.frames, track.area))
    rivals = [
        track
        for track in tracks
        if track is not main
        and track.frames >= RIVAL_PRESENCE * frames
        and track.mean_area >= RIVAL_AREA * main.mean_area
    ]
    if rivals:
        raise Rejected(f"{len(rivals) + 1} faces share the picture: crop to one of them, or list a box")
    if main.frames < PRESENCE * frames:
        raise Rejected(f"the face is in {main.frames} of {frames} frames only: cut the clip to the part that shows it")
    return main
