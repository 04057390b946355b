"""Upright squares around faces, cut out of frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Squares:
    """Squares in frames, one a frame: `centre` (N, 2) x, y in pixels, `side` (N,) in pixels, `angle` (N,) radians.

    The angle is by how much a square is turned clockwise as seen: that of a head which rolls by it.
    """

    centre: Floats
    side: Floats
    angle: Floats

    def axes(self) -> Floats:
        """(N, 2, 2): the vectors in the frame, in pixels, that run along a square's top and down its left side."""
        cos, sin = np.cos(self.angle) * self.side, np.sin(self.angle) * self.side
        return np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], 1)

    def shifted(self, right: float, down: float) -> Squares:
        """The squares moved along their own axes, by shares of their sides."""
        return Squares(self.centre + np.array([right, down]) @ self.axes(), self.side, self.angle)

    def to_frame(self, points: Floats) -> Floats:
        """(N, P, 2) points in squares of side 1, origin at their top left corners → the same in pixels of frames."""
        return np.asarray((points - 0.5) @ self.axes() + self.centre[:, None])

    def cut(self, pixels: Tensor, side: int) -> Tensor:
        """(N, 3, H, W) uint8 → (N, 3, side, side) float32 in 0–255: each frame's square.

        Every pixel is the mean of k × k bilinear samples, k being how often `side` goes into the frame's longer side,
        rounded: one number for a whole video. Beyond its border a frame goes on as there.
        """
        height, width = pixels.shape[-2:]
        fine = max(1, round(max(height, width) / side))
        where = (torch.arange(side * fine, dtype=torch.float64) + 0.5) / (side * fine) - 0.5
        axes, centre = torch.from_numpy(self.axes()), torch.from_numpy(self.centre)
        places = where[:, None, None] * axes[:, None, None, 1] + where[:, None] * axes[:, None, None, 0]
        places = (places + centre[:, None, None]) * 2 / torch.tensor([width, height]) - 1
        samples = grid_sample(
            pixels.float(), places.to(pixels.device, torch.float32), padding_mode="border", align_corners=False
        )
        return avg_pool2d(samples, fine) if fine > 1 else samples
