"""Frames and sound of clips as both sides of a comparison get them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.audio import is_silent
from bench.media.audio_reader import read_audio
from bench.media.video_reader import VideoReader
from tests.parity import damage

DEMO = Path(__file__).resolve().parents[2] / "bench" / "suites" / "demo"
STEP = 5
"""Every fifth frame is taken unless said otherwise, so that few of them differ enough to have a covariance."""
SYNC_FRAMES = 40
"""SyncNet gets consecutive frames, from the first on."""
POOL = "all clips"
"""The name under which FID and KID see the frames of all clips together."""


def frames(video: Path, count: int, step: int = STEP) -> Tensor:
    """Every `step`th frame of a video at 256×256, `count` of them or as many as there are: (T, 3, 256, 256) uint8."""
    return torch.stack(list(_first(video, step * (count - 1) + 1, 256))[::step])


def sets(video: Path, count: int, step: int = STEP) -> dict[str, Tensor]:
    """`ref`, and its damaged copies."""
    ref = frames(video, count, step)
    return {"ref": ref, **{name: make(ref, f"{name} {video.stem}") for name, make in damage.SETS.items()}}


def pooled(clips: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The sets of many clips, one clip after the other."""
    first, *others = clips
    return {name: torch.cat([frames, *(other[name] for other in others)]) for name, frames in first.items()}


def crops(video: Path) -> Tensor:
    """The first frames at 224×224, as SyncNet takes faces that are cropped already: (T, 3, 224, 224) uint8."""
    return torch.stack(list(_first(video, SYNC_FRAMES, 224)))


def sound(video: Path) -> NDArray[np.int16] | None:
    """16 kHz samples of these frames, as if they were at 25 fps; None where there is nothing to hear."""
    audio = read_audio(video, rate=16000)
    return None if audio is None or is_silent(audio) else audio.samples[: SYNC_FRAMES * 640]


def _first(video: Path, count: int, side: int) -> Iterator[Tensor]:
    with VideoReader(video, size=(side, side), batch=count) as reader:
        yield from next(iter(reader)).pixels
