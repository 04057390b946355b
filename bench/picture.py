"""The source picture of a cross-identity clip: a still image, or the first frame of a video."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from bench.errors import MediaError
from bench.resize import DEFAULT, resize
from bench.video import VideoReader

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})


def read_source(path: Path, *, size: tuple[int, int], kernel: str = DEFAULT) -> Tensor:
    """(3, H, W) uint8 RGB at `size` (height, width), by the same kernel that prepares driving frames.

    Raises:
        MediaError: the file is neither a picture nor a video that can be read.
    """
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        with VideoReader(path, size=size, batch=1, kernel=kernel) as reader:
            return next(iter(reader)).pixels[0]
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise MediaError(f"the source picture '{path}' cannot be read ({error}): give a PNG or JPEG file") from None
    pixels = torch.from_numpy(np.array(upright)).permute(2, 0, 1)[None].contiguous()
    return resize(pixels, size, kernel=kernel)[0]
