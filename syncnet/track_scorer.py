"""Scoring of one face track while its crops stream by."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from bench.compute.frame_values import FrameValues
from bench.compute.scored_frames import FeatureStore
from bench.media.opencv_resize import Pixels
from syncnet.fast_network import TILE
from syncnet.lse_score import SHIFTS, SyncScore, distances, score, window_count
from syncnet.mfcc import SAMPLES_PER_FRAME
from syncnet.network import SPAN
from syncnet.sound_embeddings import SoundEmbeddings

BLOCK = 2 * TILE
"""Windows that go through the network together, always, so that nobody's batch size changes a bit."""

MANY = 1 << 40
"""More frames than any clip has."""


def _distances() -> FrameValues[np.float32]:
    return FrameValues(np.float32, (2 * SHIFTS + 1,))


@dataclass(slots=True)
class TrackScorer:
    """One track of mouth crops against a clip's sound.

    Memory does not grow with the track: at most 12 crops and 30 embeddings wait for what follows them; every window
    that is done leaves its 31 distances.
    """

    sound: SoundEmbeddings
    start: int
    """The track's first frame (at 25 frames a second) in the clip."""
    number: int = 0
    """The track's number among the clip's."""
    stored: FeatureStore | None = None
    """Where embeddings are kept between runs."""
    frames: int = 0
    _crops: list[Pixels] = field(default_factory=list)
    _waiting: Tensor | None = None
    _done: int = 0
    _table: FrameValues[np.float32] = field(default_factory=_distances)

    def push(self, crop: Pixels) -> None:
        """Take in the (3, 224, 224) uint8 BGR crop of the next frame."""
        self.frames += 1
        self._crops.append(crop)
        if len(self._crops) == BLOCK + SPAN - 1:
            self._embed()
            self._crops = self._crops[BLOCK:]
            # The public code leaves the last window out, so the newest may not count.
            self._compare(self._windows(self.frames), final=False)

    def close(self) -> SyncScore | None:
        """The verdict on the track, or None where it has no window."""
        if len(self._crops) >= SPAN:
            self._embed()
            self._crops = []
        self._compare(self._windows(self.frames), final=True)
        return score(self._table.array()) if len(self._table) else None

    def _windows(self, frames: int) -> int:
        samples = self.sound.samples.shape[0] - self.start * SAMPLES_PER_FRAME
        return window_count(frames, max(samples, 0))

    def _embed(self) -> None:
        if self._done + (0 if self._waiting is None else len(self._waiting)) >= self._windows(MANY):
            return  # the sound has ended
        fresh = self._lip(torch.from_numpy(np.stack(self._crops)))
        self._waiting = fresh if self._waiting is None else torch.cat([self._waiting, fresh])

    def _lip(self, crops: Tensor) -> Tensor:
        """Embeddings of the windows of (T, 3, 224, 224) crops, computed together unless all are known from earlier."""
        network = self.sound.network
        if self.stored is None:
            return network.lip(crops)
        windows = crops.unfold(0, SPAN, 1).permute(0, 4, 1, 2, 3)
        computed: list[Tensor] = []

        def embed(missing: Tensor) -> Tensor:
            computed.append(network.lip(crops))
            return computed[0] if len(missing) == len(windows) else torch.cat([network.lip(w) for w in missing])

        first = self.start + self.frames - len(crops)
        known = self.stored.per_frame(f"{network.name}-lip-{self.number}", first, windows, embed).to(network.device)
        return computed[0] if computed else known

    def _compare(self, windows: int, *, final: bool) -> None:
        """Compare every waiting window whose 31 sound windows are known, of the track's first `windows`."""
        ready = windows if final else windows - SHIFTS
        if self._waiting is None or ready <= self._done:
            return
        lip = self._waiting[: ready - self._done]
        self._waiting = self._waiting[ready - self._done :]
        # Beyond the track's windows there is no sound but zeros, which take part in the mean as the public code has it.
        first, last = max(self._done - SHIFTS, 0), min(ready + SHIFTS, windows)
        audio = self.sound.embeddings(self.start + first, self.start + last)
        audio = pad(audio, (0, 0, first - (self._done - SHIFTS), ready + SHIFTS - last))
        self._table.add(distances(lip, audio).float().cpu().numpy())
        self._done = ready
