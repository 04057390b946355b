"""Natural scene statistics: features of picture blocks, and their distance from those of pristine pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from bench import weights
from bench.compute import batches
from bench.compute.scored_frames import ScoredFrames
from bench.outcome import Skip
from bench.weights.loaded import shared
from bench.weights.resources import Resources
from metrics import luma
from metrics.metric import ClipFacts, FrameMean
from metrics.natural_scene import aggd

FloatArray = NDArray[np.float64]

BLOCK: Final = 96
# Where a block's neighbours begin in a block with a border, itself at (1, 1): left, above, above left and right.
_NEIGHBOURS: Final = ((1, 0), (0, 1), (0, 0), (0, 2))
_NULL: Final = 36 * float(np.finfo(np.float64).eps)  # singular values below it, relative to the largest, count as zero


@dataclass(frozen=True, slots=True, eq=False)
class Pristine:
    """Mean (36,) and covariance (36, 36) of the pristine pictures' features."""

    mean: FloatArray
    covariance: FloatArray

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> Self:
        """Those of a model's file."""
        return cls(state["mean"].double().numpy(), state["covariance"].double().numpy())


@dataclass(frozen=True, slots=True)
class Definition:
    """What tells one published NIQE from another.

    `normalise` turns pictures (T, H, W) in 8-bit levels into their locally normalised values, `halve` makes the
    half-size pictures. `model` is the pristine model among the registered weights, `grid_end` where the grid of shapes
    ends (see `aggd`), `zeros_are_right` as in `aggd`; `right_scales` whether the diagonal products keep their right
    scales (else the left ones are written twice); `shortest` is the smallest side in pixels; `version` that of the
    metric.
    """

    name: str
    version: int
    normalise: Callable[[Tensor], Tensor]
    halve: Callable[[Tensor], Tensor]
    model: str
    grid_end: float
    zeros_are_right: bool
    right_scales: bool
    shortest: int = BLOCK

    def score(self, gray: Tensor, resources: Resources | None = None) -> Tensor:
        """gray: (T, H, W) uint8 luma → (T,) float64: distance of each frame, 0 for pristine statistics.

        Whole blocks of 96×96 from the top left are taken. A frame of which fewer than two blocks have texture has no
        covariance, and so no distance: its value is infinite.
        """
        pristine = self.pristine(resources or Resources())

        def distances(part: slice) -> Tensor:
            values = [_distance(blocks, pristine) for blocks in self.features(gray[part])]
            return torch.tensor(values, dtype=torch.float64, device=gray.device)

        return batches.each(distances, gray)

    def features(self, gray: Tensor) -> FloatArray:
        """gray: (T, H, W) uint8 → (T, blocks, 36): 18 features of each block at full size, then 18 at half size."""
        height, width = (side // BLOCK * BLOCK for side in gray.shape[1:])
        picture = gray[:, :height, :width].double()
        sums = [
            _sums(self.normalise(scaled), size)
            for scaled, size in ((picture, BLOCK), (self.halve(picture), BLOCK // 2))
        ]
        # (blocks of all frames, 2 scales, 5 kinds of values)
        fit = _shapes(self.grid_end).fit(
            aggd.Sides.of(torch.stack(sums, dim=1).cpu().numpy()), zeros_are_right=self.zeros_are_right
        )
        right = fit.right.copy()
        if not self.right_scales:
            right[..., 3:] = fit.left[..., 3:]
        products = np.stack([fit.shape, fit.mean, fit.left, right], axis=-1)[..., 1:, :]
        values = np.stack([fit.shape, (fit.left + fit.right) / 2], axis=-1)[..., 0, :]
        columns = np.concatenate([values, products.reshape(*products.shape[:2], -1)], axis=-1)
        return columns.reshape(len(gray), -1, 36)

    def pristine(self, resources: Resources) -> Pristine:
        """The pristine pictures' statistics."""
        return shared(self.model, resources, lambda: Pristine.of(weights.resolve(self.model, resources)))

    def begin(self, facts: ClipFacts, resources: Resources) -> FrameMean:
        """`Metric.begin`."""
        return FrameMean(lambda pred, ref: self._per_frame(pred, resources))

    def _per_frame(self, pred: ScoredFrames, resources: Resources) -> Tensor:
        """Values of the frames of `pred`, (T,).

        Raises:
            Skip: the frames are too small.
        """
        height, width = pred.pixels.shape[-2:]
        if min(height, width) < self.shortest or (height // BLOCK) * (width // BLOCK) < 2:
            needs = f"a short side of at least {self.shortest} and two blocks of {BLOCK}×{BLOCK}"
            raise Skip(f"frames of {width}×{height} pixels: {self.name} needs {needs}")
        return pred.per_frame(self.name, lambda pixels: self.score(luma.luma(pixels), resources))


def _distance(features: FloatArray, pristine: Pristine) -> float:
    """features: (blocks, 36) of one frame, NaN where a block is flat → distance of their Gaussian from pristine."""
    whole = features[~np.isnan(features).any(axis=1)]
    if len(whole) < 2:
        return float("inf")
    away = pristine.mean - np.nanmean(features, axis=0)
    both = torch.from_numpy((pristine.covariance + np.cov(whole, rowvar=False)) / 2)
    # By torch, which keeps to the cores of this thread; NumPy's library would take all.
    inverse = torch.linalg.pinv(both, rtol=_NULL, hermitian=True).numpy()
    return float(np.sqrt(away @ inverse @ away))


def _sums(normal: Tensor, size: int) -> Tensor:
    """normal: (T, H, W) → (T · blocks, 5, 7): `aggd.sums` of a block's values, and of their products with neighbours.

    Neighbours are left, above and on the diagonals, circular inside a block as they are in the release.
    """
    frames, height, width = normal.shape
    grid = normal.double().reshape(frames, height // size, size, width // size, size)
    blocks = grid.transpose(2, 3).reshape(-1, size, size)
    around = functional.pad(blocks[None], (1, 1, 1, 0), mode="circular")[0]
    neighbours = [around[:, top : top + size, left : left + size] for top, left in _NEIGHBOURS]
    kinds = [blocks, *(blocks * neighbour for neighbour in neighbours)]
    return torch.stack([aggd.sums(kind.flatten(1)) for kind in kinds], dim=1)


@cache
def _shapes(grid_end: float) -> aggd.Shapes:
    return aggd.Shapes(grid_end)
