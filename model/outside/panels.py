"""Predictions that lie beside other pictures in one frame: source | driving | prediction, or a grid of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from torch import Tensor

from bench.clips import Box
from bench.compute.thumbnails import thumbnails

MOST = 16
_LOOKED_AT = 16  # frames by which panels are told apart


@dataclass(frozen=True, slots=True)
class Panels:
    """A frame of `columns` x `rows` equal pictures of `width` x `height`, numbered from 1 in reading order."""

    columns: int
    rows: int
    width: int
    height: int

    @classmethod
    def of(cls, frame: tuple[int, int], picture: tuple[int, int]) -> Self | None:
        """How a frame (height, width) is made of pictures of that shape in one row or column, or of that size in more.

        None where it is not, and where it is one picture.
        """
        (height, width), (high, wide) = frame, picture
        broad, tall = width * high, height * wide
        if broad > tall and not broad % tall:
            found = cls(broad // tall, 1, width * tall // broad, height)
        elif broad < tall and not tall % broad:
            found = cls(1, tall // broad, width, height * broad // tall)
        elif not height % high and not width % wide:
            found = cls(width // wide, height // high, wide, high)
        else:
            return None
        whole = (found.columns * found.width, found.rows * found.height) == (width, height)
        return found if whole and 1 < found.count <= MOST else None

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return self.columns * self.rows

    def box(self, number: int) -> Box:
        """Where picture `number` lies, from 1 to `count`."""
        row, column = divmod(number - 1, self.columns)
        left, top = column * self.width, row * self.height
        return Box(left, top, left + self.width, top + self.height)

    def cut(self, pixels: Tensor, number: int) -> Tensor:
        """(T, 3, H, W) → picture `number` of every frame, (T, 3, height, width)."""
        box = self.box(number)
        return pixels[:, :, box.top : box.bottom, box.left : box.right]

    def most_alike(self, pixels: Tensor, reference: Tensor) -> int:
        """The number of the picture that is most like the reference; 0 where the whole frame is more like it still.

        pixels: (T, 3, H, W) uint8; reference: at least as many frames (T, 3, h, w) uint8. The first 16 are looked at.
        """
        count = min(len(pixels), _LOOKED_AT)
        target = thumbnails(reference[:count])
        shown = [pixels[:count], *(self.cut(pixels[:count], number + 1) for number in range(self.count))]
        return int(np.argmin([float((thumbnails(part) - target).square().mean()) for part in shown]))

    def __str__(self) -> str:
        if self.rows == 1:
            return f"{self.count} panels side by side"
        if self.columns == 1:
            return f"{self.count} panels one above the other"
        return f"{self.count} panels, {self.columns} by {self.rows}"


def how_to_crop(panels: Panels, alike: int) -> str:
    """What to do about a frame of panels, the `alike`-th of which is the most like the reference."""
    last, box = panels.count, panels.box(panels.count)
    crop = f"crop={panels.width}:{panels.height}:{box.left}:{box.top}"
    if alike == last:
        told = f"of which the last, number {last}, is most like the clip"
    else:
        told = f"of which number {alike} is most like the clip (is it the driving video itself?)"
    return f"it holds {panels}, {told}: score the last alone with --panel {last}, or crop it with ffmpeg -vf {crop}"
