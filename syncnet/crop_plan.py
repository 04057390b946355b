"""Where the mouth crops of a clip lie: made once from one video's faces, applied to every prediction of the clip."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from bench.compute.scored_frames import ScoredFrames
from bench.faces.boxes import Boxes
from bench.faces.detection import FaceDetector
from bench.faces.tracks import Joiner, Placed
from bench.media.frame_rate import Resampler
from syncnet.mouth_crop import Region
from syncnet.track_smoother import DELAY, TrackSmoother

MOST = 16
"""Faces of a frame that are followed, the surest first."""


@dataclass(frozen=True, slots=True)
class MouthCut:
    """At 25 fps frame `frame`, track `track` is cut from source frame `source`.

    `region` is None where the whole frame is the crop. `source` is None at the end of the track, once for each.
    """

    track: int
    frame: int
    source: int | None
    region: Region | None = None


class CropPlan(Protocol):
    """What to cut, decided as the frames of the video that is tracked go by."""

    count: int
    """Source frames seen."""

    def feed(self, start: int, frames: ScoredFrames) -> None:
        """Look at frames, the first of which is source frame `start`; what was seen before is passed over."""

    def close(self) -> None:
        """End of the video. A second call does nothing."""

    def cuts(self, position: int) -> Iterator[MouthCut]:
        """What was decided, from the `position`-th on, in the order of a track's frames."""

    @property
    def needed(self) -> int:
        """No source frame before this one will be cut any more."""

    def face_size(self, track: int) -> float:
        """Mean side of the track's boxes in pixels, the larger of the two."""

    def detections(self, track: int) -> int:
        """In how many of its frames (at 25 frames a second) the track's face was found, not interpolated."""


@dataclass(slots=True)
class TrackPlan:
    """The rule `track`: faces are detected, joined, smoothed.

    Look-ahead is at most 25 frames for a gap, 6 for the median and one for the frame rate; a decision takes 28 bytes.
    """

    detector: FaceDetector
    fps: float
    count: int = 0
    _resampler: Resampler = field(init=False)
    _joiner: Joiner = field(default_factory=Joiner, init=False)
    _smoothers: dict[int, tuple[TrackSmoother, list[int]]] = field(default_factory=dict, init=False)
    _faces: dict[int, Boxes] = field(default_factory=dict, init=False)
    _sources: array[int] = field(default_factory=lambda: array("i"), init=False)
    _log: array[int] = field(default_factory=lambda: array("i"), init=False)
    _sizes: dict[int, list[float]] = field(default_factory=dict, init=False)
    _zero: float | None = None
    _closed: bool = False

    def __post_init__(self) -> None:
        self._resampler = Resampler(self.fps)

    def feed(self, start: int, frames: ScoredFrames) -> None:
        """Detect and join; see `CropPlan`."""
        known = self.count - start
        if known >= len(frames):
            return
        for number, boxes in enumerate(self._detect(frames)[known:], self.count):
            self._faces[number] = boxes
        self.count = start + len(frames)
        self._zero = float(frames.times[0]) if self._zero is None else self._zero
        self._place(self._resampler.push(frames.times[known:] - self._zero))

    def close(self) -> None:
        """Settle what waited for more frames."""
        if not self._closed:
            self._closed = True
            self._place(self._resampler.close())
            self._joiner.close()
            self._end_tracks()

    def cuts(self, position: int) -> Iterator[MouthCut]:
        """See `CropPlan`."""
        for at in range(position * _FIELDS, len(self._log), _FIELDS):
            track, frame, source, *edges = self._log[at : at + _FIELDS]
            yield MouthCut(track, frame, None) if source < 0 else MouthCut(track, frame, source, Region(*edges))

    @property
    def needed(self) -> int:
        """See `CropPlan`."""
        waiting = [following[0] for _, following in self._smoothers.values()]
        frame = min([self._joiner.settled, *waiting])
        return self._sources[frame] if frame < len(self._sources) else self._resampler.held

    def face_size(self, track: int) -> float:
        """See `CropPlan`."""
        frames, width, height, _ = self._sizes[track]
        return max(width, height) / frames

    def detections(self, track: int) -> int:
        """See `CropPlan`."""
        return int(self._sizes[track][3])

    def _detect(self, frames: ScoredFrames) -> list[Boxes]:
        """The boxes of every frame, remembered with the frames; in single precision, as a cache on disk holds them."""

        def detect(pixels: Tensor) -> Tensor:
            table = np.full((len(pixels), MOST, 4), np.nan, np.float32)
            for row, faces in zip(table, self.detector.detect(pixels), strict=True):
                boxes = faces.boxes[:MOST]
                row[: len(boxes)] = boxes
            return torch.from_numpy(table)

        table = frames.per_frame(f"faces-{self.detector.name}", detect, keep=True).numpy().astype(np.float64)
        return [row[~np.isnan(row[:, 0])] for row in table]

    def _place(self, sources: list[int]) -> None:
        for source in sources:
            self._sources.append(source)
            for placed in self._joiner.push(self._faces[source]):
                self._follow(placed)
            self._end_tracks()
        for number in [number for number in self._faces if number < self._resampler.held]:
            del self._faces[number]

    def _follow(self, placed: Placed) -> None:
        smoother, following = self._smoothers.setdefault(placed.track, (TrackSmoother(), [placed.frame]))
        size = self._sizes.setdefault(placed.track, [0.0, 0.0, 0.0, 0.0])
        width, height = placed.box[2] - placed.box[0], placed.box[3] - placed.box[1]
        for at, value in enumerate((1.0, width, height, placed.seen)):
            size[at] += float(value)
        region = smoother.push(placed.box)
        if region is not None:
            assert following[0] == placed.frame - DELAY
            self._decide(placed.track, following, region)

    def _end_tracks(self) -> None:
        for track in self._joiner.ended:
            smoother, following = self._smoothers.pop(track)
            for region in smoother.close():
                self._decide(track, following, region)
            self._log.extend((track, following[0], -1, 0, 0, 0, 0))
        self._joiner.ended.clear()

    def _decide(self, track: int, following: list[int], where: Region) -> None:
        frame = following[0]
        following[0] += 1
        self._log.extend((track, frame, self._sources[frame], where.top, where.bottom, where.left, where.right))


_FIELDS = 7


@dataclass(slots=True)
class WholePlan:
    """The rule `whole`: every frame is a crop already; one track from the first frame to the last."""

    fps: float
    count: int = 0
    _resampler: Resampler = field(init=False)
    _sources: array[int] = field(default_factory=lambda: array("i"), init=False)
    _size: float = 0.0
    _zero: float | None = None
    _closed: bool = False

    def __post_init__(self) -> None:
        self._resampler = Resampler(self.fps)

    def feed(self, start: int, frames: ScoredFrames) -> None:
        """See `CropPlan`."""
        known = self.count - start
        if known < len(frames):
            self.count = start + len(frames)
            self._size = float(max(frames.pixels.shape[-2:]))
            self._zero = float(frames.times[0]) if self._zero is None else self._zero
            self._sources.extend(self._resampler.push(frames.times[known:] - self._zero))

    def close(self) -> None:
        """See `CropPlan`."""
        if not self._closed:
            self._closed = True
            self._sources.extend(self._resampler.close())

    def cuts(self, position: int) -> Iterator[MouthCut]:
        """See `CropPlan`."""
        for frame in range(position, len(self._sources)):
            yield MouthCut(0, frame, self._sources[frame])
        if self._closed and position <= len(self._sources):
            yield MouthCut(0, len(self._sources), None)

    @property
    def needed(self) -> int:
        """See `CropPlan`."""
        return self._resampler.held

    def face_size(self, track: int) -> float:
        """The longer side of the frame."""
        return self._size

    def detections(self, track: int) -> int:
        """Every frame: it is a crop already."""
        return len(self._sources)
