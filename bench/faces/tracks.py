"""Joining the faces of consecutive frames into tracks."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bench.faces.boxes import Boxes, iou

MIN_IOU = 0.5
MAX_GAP = 25
"""A face may be missed for so many frames less one; the boxes between are interpolated."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """The (4,) `box` of track `track` in frame `frame`; not `seen` where it was interpolated."""

    track: int
    frame: int
    box: Boxes
    seen: bool = True


@dataclass(slots=True)
class _Track:
    number: int
    frame: int
    box: Boxes


@dataclass(slots=True)
class Joiner:
    """Joins faces frame by frame: the public SyncNet pipeline's rule, with a bounded look-ahead.

    A track takes the first box of a frame, in the detector's order, that overlaps its own last box by more than
    `min_iou`; older tracks choose first; boxes that nobody takes begin tracks. Where a track was not seen, its
    box moves linearly. A track ends when it was last seen more than `max_gap` frames ago.
    """

    min_iou: float = MIN_IOU
    max_gap: int = MAX_GAP
    frames: int = 0
    """Frames seen so far."""
    ended: list[int] = field(default_factory=list)
    """Tracks that have got their last box, in the order of ending; the caller may empty it."""
    _live: list[_Track] = field(default_factory=list)
    _born: int = 0

    def push(self, boxes: Boxes) -> list[Placed]:
        """The (N, 4) boxes of the next frame → what has become certain, a track's boxes in frame order."""
        frame = self.frames
        self.frames += 1
        placed: list[Placed] = []
        free = list(range(boxes.shape[0]))
        still = []
        for track in self._live:
            if frame - track.frame > self.max_gap:
                self.ended.append(track.number)
                continue
            still.append(track)
            overlaps = iou(track.box, boxes[free]) if free else np.empty(0)
            matching = np.flatnonzero(overlaps > self.min_iou)
            if matching.size:
                placed += _moved(track, frame, boxes[free.pop(int(matching[0]))])
        self._live = still
        for index in free:
            track = _Track(self._born, frame, boxes[index])
            self._born += 1
            self._live.append(track)
            placed.append(Placed(track.number, frame, track.box))
        return placed

    def close(self) -> None:
        """End of the video: every track has got its last box."""
        self.ended += [track.number for track in self._live]
        self._live = []

    @property
    def settled(self) -> int:
        """No frame before this one will get another box."""
        return min((track.frame + 1 for track in self._live), default=self.frames)


def _moved(track: _Track, frame: int, box: Boxes) -> list[Placed]:
    """The boxes from behind the track's last to `box` in `frame`, which become its last."""
    steps = frame - track.frame
    between = [
        Placed(track.number, track.frame + step, track.box + (box - track.box) * (step / steps), seen=False)
        for step in range(1, steps)
    ]
    track.frame, track.box = frame, box
    return [*between, Placed(track.number, frame, box)]
