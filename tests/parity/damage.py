"""Damaged copies of frames, the same bytes on every machine: whole-number arithmetic, and Pillow for JPEG.

Each function: frames (T, 3, H, W) uint8 and a word that seeds what is random → the same shape and type.
"""

from __future__ import annotations

import hashlib
import io
import math
import zlib
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import Tensor

TAPS = [math.comb(16, k) for k in range(17)]
"""Binomial weights: a Gaussian of σ 2; they add up to 2¹⁶."""


def blur(frames: Tensor, seed: str) -> Tensor:
    """A Gaussian of σ 2, borders mirrored."""
    reach = len(TAPS) // 2
    levels = np.pad(frames.numpy().astype(np.int64), ((0, 0), (0, 0), (reach, reach), (reach, reach)), mode="reflect")
    height, width = frames.shape[-2:]
    down = sum(tap * levels[:, :, k : k + height] for k, tap in enumerate(TAPS))
    both = sum(tap * down[..., k : k + width] for k, tap in enumerate(TAPS))
    return torch.from_numpy(((both + (1 << 31)) >> 32).astype(np.uint8))


def jpeg20(frames: Tensor, seed: str) -> Tensor:
    """JPEG of quality 20, 4:2:0."""
    found = []
    for frame in frames.permute(0, 2, 3, 1).numpy():
        file = io.BytesIO()
        Image.fromarray(frame).save(file, "JPEG", quality=20, subsampling="4:2:0")
        found.append(np.asarray(Image.open(file)))
    return torch.from_numpy(np.stack(found)).permute(0, 3, 1, 2).contiguous()


def noise8(frames: Tensor, seed: str) -> Tensor:
    """Noise of σ 8 levels: a sum of eight random bytes a value is as good as Gaussian, and exact everywhere."""
    raw = np.random.PCG64(zlib.crc32(seed.encode())).random_raw(frames.numel())
    sums = raw.view(np.uint8).reshape(*frames.shape, 8).sum(-1, dtype=np.int64) - 1020
    noise = (8 * sums + 104) // 209  # their own σ is 209
    return torch.from_numpy(np.clip(frames.numpy() + noise, 0, 255).astype(np.uint8))


def shift2(frames: Tensor, seed: str) -> Tensor:
    """Everything 2 pixels to the right, the first column repeated."""
    return torch.cat([frames[..., :1], frames[..., :1], frames[..., :-2]], -1)


def static(frames: Tensor, seed: str) -> Tensor:
    """The first frame in place of every frame."""
    return frames[:1].expand_as(frames).contiguous()


SETS: dict[str, Callable[[Tensor, str], Tensor]] = {
    "blur": blur,
    "jpeg20": jpeg20,
    "noise8": noise8,
    "shift2": shift2,
    "static": static,
}


def digest(array: Tensor | np.ndarray) -> str:
    """sha256 of the values in C order."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
