"""A folder of pictures as a video: one file a frame, in the order of their names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError

from bench.errors import MediaError
from metrics.frames import Frames

SUFFIXES = frozenset({".png", ".bmp", ".tif", ".tiff"})
"""Lossless formats; a folder of JPEG files is not what a model gave."""

BATCH = 16


@dataclass(frozen=True, slots=True)
class PictureFolder:
    """Frames of a folder of lossless pictures, shown at `fps`. `frame2` comes before `frame10`.

    Raises:
        MediaError: the folder holds no such picture, one cannot be read, or their sizes differ.
    """

    folder: Path
    fps: float

    def __iter__(self) -> Iterator[Frames]:
        paths = sorted((path for path in self.folder.iterdir() if path.suffix.lower() in SUFFIXES), key=_number)
        if not paths:
            raise MediaError(f"'{self.folder}' holds no pictures of a lossless format ({', '.join(sorted(SUFFIXES))})")
        for start in range(0, len(paths), BATCH):
            pictures = [self._read(path) for path in paths[start : start + BATCH]]
            if len({picture.shape for picture in pictures}) > 1:
                raise MediaError(f"the pictures in '{self.folder}' differ in size: write all frames at one size")
            pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()
            yield Frames.of(pixels, fps=self.fps, start=start)

    def _read(self, path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        try:
            with Image.open(path) as image:
                return np.array(image.convert("RGB"))
        except (OSError, UnidentifiedImageError) as error:
            raise MediaError(f"the picture '{path}' cannot be read ({error}): write it again") from None


def _number(path: Path) -> tuple[tuple[int, str], ...]:
    parts = re.split(r"(\d+)", path.name)
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in parts)
