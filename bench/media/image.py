"""Still pictures: the source of a cross-identity clip, and what becomes of pictures that are not 8-bit RGB."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from bench.errors import MediaError
from bench.media.resize import DEFAULT, resize
from bench.media.video_reader import VideoReader

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
            upright = to_rgb(ImageOps.exif_transpose(image), path)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise MediaError(f"the source picture '{path}' cannot be read ({error}): give a PNG or JPEG file") from None
    pixels = torch.from_numpy(upright).permute(2, 0, 1)[None].contiguous()
    return resize(pixels, size, kernel=kernel)[0]


def to_rgb(image: Image.Image, path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) of a picture of any mode, opened from `path`; transparency is dropped.

    Of 16 bits the upper 8 are taken, of grey as Pillow itself does of RGB.

    Raises:
        MediaError: its values are of no known range (floats, 32-bit integers).
    """
    if image.mode in ("I", "F"):
        kind = "32-bit integers" if image.mode == "I" else "floats"
        raise MediaError(f"the picture '{path}' holds {kind}, whose white is not known: write it with 8 or 16 bits")
    if image.mode.startswith("I;16"):
        grey = (np.array(image) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return np.array(image.convert("RGB"))
