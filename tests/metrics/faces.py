"""Frames whose landmarks are known: a stand-in for the face mesh, and frames of the suite `demo` for the real one."""

from functools import cache
from pathlib import Path

import numpy as np
import torch

from bench.compute.scored_frames import ScoredFrames
from bench.faces import head_pose
from bench.media.video_reader import VideoReader
from bench.outcome import Skip
from bench.portraits.truth import Truth
from bench.rows import ORIGINAL
from bench.weights.resources import Resources
from metrics import registry
from metrics.metric import ClipFacts

DEMO = Path(__file__).parents[2] / "bench" / "suites" / "demo"
NO_FACE = np.full((1, 468, 3), np.nan)
FACE = head_pose.canonical()[None] * 60.0 + 128.0


def told(*tracks, size=256):
    """Resources whose landmarker reads what it should see from the frames, and the frames of each track (T, 468, 3)."""
    table = np.concatenate(tracks)
    assert len(table) <= 256

    def look(pixels):
        return torch.from_numpy(table)[pixels[:, 0, 0, 0].long()].float()

    numbers = torch.arange(len(table), dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, size, size)
    videos = numbers.split([len(track) for track in tracks])
    return Resources(networks={"faces/landmarks": look}), videos


def outcome(name, resources, pred, ref, *, batch=16, row=ORIGINAL, source=None):
    """The metric's outcome on videos (T, 3, H, W)."""
    facts = ClipFacts("clip", row=row, source=source)
    accumulator = registry.get(name).begin(facts, resources)
    for start in range(0, len(pred), batch):
        part = slice(start, start + batch)
        reference = ScoredFrames.of(ref[part], start=start)
        accumulator.update(reference if pred is ref else ScoredFrames.of(pred[part], start=start), reference)
    try:
        return accumulator.result()
    except Skip as skip:
        return skip


@cache
def demo(name, count=16, step=1):
    """Frames (count, 3, 256, 256) of a video of the suite, every `step`-th, and its truth."""
    with VideoReader(DEMO / f"{name}.mp4", size=(256, 256), batch=count * step) as reader:
        return next(iter(reader)).pixels[::step].clone(), Truth.read(DEMO / f"{name}.truth.npz")
