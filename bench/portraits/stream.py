"""Endless random people and performances, with their truth."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from bench.portraits import clip
from bench.portraits.acting.performance import Direction, perform
from bench.portraits.acting.speech import Segment
from bench.portraits.body.identity import Identity
from bench.portraits.clip import RenderedClip
from bench.portraits.drawing.render import Portrait

_PHONEMES = ("'A", "a", "'E", "I", "'i:", "V", "@", "'O:", "U", "'u:", "'aI", "oU", *"pbmfvTDtdnlszSkgNrwj")
RATE = 22050
CLIPS_OF_A_PERSON = 4


def babble(rng: np.random.Generator, seconds: float) -> tuple[Segment, ...]:
    """Random phonemes with ordinary durations: lips to watch where no sound is needed."""
    segments: list[Segment] = []
    at = float(rng.uniform(0.1, 0.4))
    while at < seconds - 0.3:
        length = float(rng.uniform(0.05, 0.14))
        segments.append(Segment(at, at + length, _PHONEMES[int(rng.integers(len(_PHONEMES)))]))
        at += length
        if rng.uniform() < 0.06:
            at += float(rng.uniform(0.1, 0.4))
    return tuple(segments)


def clips(
    seed: int, *, frames: int = 75, size: int = 256, fps: float = 25.0, view: tuple[float, float, float] | None = None
) -> Iterator[RenderedClip]:
    """Clips without end, four of a person; the n-th depends on (`seed`, n) alone.

    The sound is digital silence: mouths move to random phonemes. `view` fixes yaw, pitch and roll as in `clip.frames`.
    """
    number = 0
    while True:
        yield one(seed, number, frames=frames, size=size, fps=fps, view=view)
        number += 1


def one(
    seed: int,
    number: int,
    *,
    frames: int = 75,
    size: int = 256,
    fps: float = 25.0,
    view: tuple[float, float, float] | None = None,
) -> RenderedClip:
    """The clip of that number, so that several processes can share a stream."""
    rng = np.random.default_rng([seed, number, 83])
    direction = Direction(
        lean=(float(rng.normal(0, 12)), float(rng.normal(0, 5)), float(rng.normal(0, 4))),
        yaw=float(rng.uniform(3, 16)),
        pitch=float(rng.uniform(2, 8)),
        roll=float(rng.uniform(1, 6)),
        smile=float(rng.uniform(0, 0.6)),
    )
    performance = perform(int(rng.integers(2**31)), frames, babble(rng, frames / fps), direction=direction, fps=fps)
    silence = np.zeros(0, dtype=np.int16)
    return clip.render(
        _portrait(seed, number // CLIPS_OF_A_PERSON, size), performance, silence, RATE, view=view, voiced=False
    )


@lru_cache(maxsize=1)
def _portrait(seed: int, number: int, size: int) -> Portrait:
    """That person of the stream; sculpting and painting one takes as long as twenty frames."""
    rng = np.random.default_rng([seed, number, 89])
    return Portrait(Identity.random(int(rng.integers(2**31))), size)
