"""The frames of a clip as a plan wants them: of its own video, or of another that goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from bench.clips import Clip
from bench.errors import MediaError
from bench.frames import Frames
from bench.media.video_reader import VideoReader
from bench.run.plan import Plan


def clip_reader(clip: Clip, plan: Plan, path: Path) -> VideoReader:
    """The clip's span and crop of a video, at the plan's size."""
    return VideoReader(
        path,
        size=plan.size,
        crop=clip.crop,
        start=clip.start,
        end=clip.end,
        batch=plan.batch,
        rules=plan.pictures,
    )


def another_pass(clip: Clip, plan: Plan, device: torch.device) -> Iterator[Tensor]:
    """Another pass over the clip: (T, 3, H, W) uint8 at a time."""
    with clip_reader(clip, plan, clip.path) as reader:
        for frames in reader:
            yield frames.pixels.to(device)


def intact(reader: VideoReader) -> Iterator[Frames]:
    """The frames of a video; raises `MediaError` behind the last if decoding has shown it to be damaged."""
    yield from reader
    if reader.faults:
        raise MediaError(f"it is damaged: {', '.join(reader.faults)}: get the file again, or leave it out")
