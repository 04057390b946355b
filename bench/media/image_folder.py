"""A folder of pictures as a video: one file a frame, in the order of their names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bench.errors import MediaError
from bench.frames import Frames
from bench.media.image import picture, to_rgb

SUFFIXES = frozenset({".png", ".bmp", ".tif", ".tiff"})
"""Lossless formats; a folder of JPEG files is not what a model gave."""

BATCH = 16

_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class PictureFolder:
    """Frames of a folder of lossless pictures, shown at `fps`. `frame2` comes before `frame10`; hidden files are none.

    Raises:
        MediaError: the folder holds no such picture, a number is missing, one cannot be read, or their sizes differ.
    """

    folder: Path
    fps: float

    def __iter__(self) -> Iterator[Frames]:
        shown = (path for path in self.folder.iterdir() if not path.name.startswith("."))  # macOS adds a ._0.png
        paths = sorted((path for path in shown if path.suffix.lower() in SUFFIXES), key=_number)
        if not paths:
            lossless = ", ".join(sorted(SUFFIXES))
            raise MediaError(f"'{self.folder}' holds no pictures of a lossless format ({lossless}): write PNG files")
        self._see_complete(paths)
        for start in range(0, len(paths), BATCH):
            pictures = [self._read(path) for path in paths[start : start + BATCH]]
            if len({pixels.shape for pixels in pictures}) > 1:
                raise MediaError(f"the pictures in '{self.folder}' differ in size: write all frames at one size")
            pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()
            yield Frames.of(pixels, fps=self.fps, start=start)

    def _see_complete(self, paths: Sequence[Path]) -> None:
        """Pictures whose names differ in one number alone are numbered without a gap, from any number on."""
        series: dict[tuple[str, ...], list[list[int]]] = {}
        for path in paths:
            parts = _DIGITS.split(path.stem)
            series.setdefault(tuple(parts[::2]), []).append([int(digits) for digits in parts[1::2]])
        for words, numbers in series.items():
            changing = [counts for counts in zip(*numbers, strict=True) if len(set(counts)) > 1]
            if len(changing) != 1:
                continue
            have = set(changing[0])
            missing = next((number for number in range(min(have), max(have)) if number not in have), None)
            if missing is not None:
                name = next(path.name for path in paths if tuple(_DIGITS.split(path.stem)[::2]) == words)
                raise MediaError(
                    f"the pictures in '{self.folder}', '{name}' and so on, lack number {missing}: "
                    "write it, or number the frames without a gap"
                )

    def _read(self, path: Path) -> NDArray[np.uint8]:
        with picture(path, "the picture", "write it again") as image:
            return to_rgb(image, path)


def _number(path: Path) -> tuple[tuple[int, str], ...]:
    parts = _DIGITS.split(path.name)
    return tuple((int(part), "") if place % 2 else (0, part) for place, part in enumerate(parts))
