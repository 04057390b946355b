"""Made-up frames, and the golden ones where they are on this machine."""

import numpy as np
import torch
from PIL import Image

from bench.compute.scored_frames import ScoredFrames
from tests.material import GOLDEN

FRAMES = GOLDEN / "metrics" / "frames"


def scene(count: int = 4, height: int = 96, width: int = 112, seed: int = 0) -> torch.Tensor:
    """(T, 3, H, W) uint8: coloured waves that move, with grain; no two channels, frames or directions are alike."""
    rng = np.random.default_rng(seed)
    t, c, y, x = np.ogrid[:count, :3, :height, :width]
    waves = np.sin(x / (7 + 3 * c) + t / 3 + seed) + np.cos(y / (11 - 2 * c) - t / 5) + rng.normal(0, 0.2, 1)
    grain = rng.normal(0, 6, (count, 3, height, width))
    return torch.from_numpy(np.clip(127 + 50 * waves + grain, 0, 255).astype(np.uint8))


def golden(clip: str, name: str) -> torch.Tensor:
    """(24, 3, 256, 256) uint8 of a golden set, the derived ones included."""
    if name in ("identity", "static", "shift2"):
        ref = golden(clip, "ref")
        if name == "identity":
            return ref
        if name == "static":
            return ref[:1].expand(24, -1, -1, -1)
        return torch.cat([ref[..., :1], ref[..., :1], ref[..., :-2]], -1)
    strip = np.array(Image.open(FRAMES / f"{clip}.{name}.png")).reshape(24, 256, 256, 3)
    return torch.from_numpy(strip).permute(0, 3, 1, 2).contiguous()


def in_batches(pixels: torch.Tensor, sizes: list[int]) -> list[ScoredFrames]:
    """Consecutive `Frames` of these lengths, over and over, to the end."""
    found, start, turn = [], 0, 0
    while start < len(pixels):
        stop = start + sizes[turn % len(sizes)]
        found.append(ScoredFrames.of(pixels[start:stop], start=start))
        start, turn = stop, turn + 1
    return found
