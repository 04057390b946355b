"""SyncNet at work on one prediction of one clip."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from bench.compute.scored_frames import FeatureStore, ScoredFrames
from bench.frames import Frames
from bench.media.opencv_resize import Pixels
from syncnet.crop_plan import CropPlan
from syncnet.lossy_files import CROPS, FRAMES, Carrier, through
from syncnet.lse_score import SyncScore
from syncnet.mouth_crop import crop, whole
from syncnet.sound_embeddings import SoundEmbeddings
from syncnet.track_scorer import TrackScorer

MIN_WINDOWS = 6


@dataclass(frozen=True, slots=True)
class TrackScore:
    """What came of one face track: where it began (25 fps frames), its length, mean face size in pixels, verdict."""

    start: int
    frames: int
    face: float
    score: SyncScore


@dataclass(slots=True)
class SyncScorer:
    """Cuts the mouths of one video as a plan says and scores every track against the sound.

    Several metrics may drive one scorer with the same frames: whoever comes first does the work.
    """

    crop_plan: CropPlan
    sound: SoundEmbeddings
    own: bool = False
    """Whether the plan is made from the prediction instead of the reference."""
    min_windows: int = MIN_WINDOWS
    min_face: float = 0.0
    min_detections: int = 0
    """Tracks are scored that have at least `min_windows` windows, whose face was found in at least `min_detections`
    frames, and is larger than `min_face` pixels."""
    known_sound: bool = True
    """Whether the sound is the clip's, which comes again, so that its embeddings are kept with the reference's."""
    lossy: bool = False
    """Whether pictures go through the public pipeline's lossy files, before faces are looked for and after the cut."""
    count: int = 0
    """Source frames taken in."""
    _frames: dict[int, Pixels] = field(default_factory=dict)
    _position: int = 0
    _stored: FeatureStore | None = None
    _tracks: dict[int, TrackScorer] = field(default_factory=dict)
    _frame_carriers: list[Carrier] = field(init=False)
    _crop_carriers: dict[int, list[Carrier]] = field(default_factory=dict)
    _scores: list[TrackScore] = field(default_factory=list)
    _closed: bool = False

    def __post_init__(self) -> None:
        self._frame_carriers = [Carrier(codec) for codec in FRAMES] if self.lossy else []

    def update(self, start: int, pred: ScoredFrames, ref: ScoredFrames) -> None:
        """Take in the next frames, the first of which is source frame `start` of the clip."""
        if start + len(pred) <= self.count:
            return
        assert start == self.count
        self._stored = pred.stored
        if ref.stored is not None and self.known_sound and not self.lossy:
            self.sound.stored = ref.stored
        if self.lossy:
            carried = [through(self._frame_carriers, frame) for frame in pred.pixels.cpu().numpy()]
            pred = ScoredFrames(Frames(torch.from_numpy(np.stack(carried)), pred.times))
        self.crop_plan.feed(start, pred if self.own else ref)
        for number, frame in enumerate(pred.pixels.cpu().numpy(), start):
            self._frames[number] = frame
        self.count += len(pred)
        self._work()
        needed = self.crop_plan.needed
        for number in [number for number in self._frames if number < needed]:
            del self._frames[number]

    def close(self) -> list[TrackScore]:
        """Every track that could be scored, the longest first, of equally long ones the larger face."""
        if not self._closed:
            self._closed = True
            self.crop_plan.close()
            self._work()
            for track in list(self._tracks):
                self._end(track)
            self._frames.clear()
            self._scores.sort(key=lambda track: (-track.frames, -track.face, track.start))
        return self._scores

    @property
    def used(self) -> bool:
        """Whether it has begun: too late for another metric to join."""
        return self.count > 0 or self._closed

    def _work(self) -> None:
        for cut in self.crop_plan.cuts(self._position):
            self._position += 1
            if cut.source is None:
                self._end(cut.track)
            elif cut.source < self.count:
                frame = self._frames[cut.source]
                mouth = whole(frame) if cut.region is None else crop(frame, cut.region)
                if cut.track not in self._tracks:
                    stored = None if self.lossy else self._stored
                    self._tracks[cut.track] = TrackScorer(self.sound, cut.frame, cut.track, stored)
                    self._crop_carriers[cut.track] = [Carrier(codec) for codec in CROPS] if self.lossy else []
                # Codecs take and give RGB, crops are BGR.
                self._tracks[cut.track].push(through(self._crop_carriers[cut.track], mouth[::-1])[::-1])

    def _end(self, track: int) -> None:
        scorer = self._tracks.pop(track, None)
        self._crop_carriers.pop(track, None)
        verdict = scorer.close() if scorer is not None else None
        if scorer is None or verdict is None or verdict.windows < self.min_windows:
            return
        face = self.crop_plan.face_size(track)
        if face > self.min_face and self.crop_plan.detections(track) >= self.min_detections:
            self._scores.append(TrackScore(scorer.start, scorer.frames, face, verdict))
