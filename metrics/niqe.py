"""NIQE: distance of a frame's local statistics from those of pristine pictures, without a reference."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from bench.compute import local_mean
from metrics.metric import Metric
from metrics.natural_scene.definition import Definition

_TAPS: Final = local_mean.taps(7, 7 / 6)
_FLAT: Final = 1e-9
HALVING: Final = tuple(weight / 256 for weight in (-3, -9, 29, 111, 111, 29, -9, -3))
"""Keys' cubic stretched to twice its width, at the pixels around the centre of a half-size pixel."""


def normalise(picture: Tensor) -> Tensor:
    """(T, H, W) → the same shape and precision: (x - μ) / (σ + 1), mean and deviation under a Gaussian window.

    Sums are taken in float64 and stored in the precision of the picture. In flat regions x - μ is zero but for
    rounding, whose sign would decide between left and right values: what is below 1e-9 becomes exactly zero.
    """
    wide = functional.pad(picture, (len(_TAPS) // 2,) * 4, mode="replicate").transpose(0, 1)
    rows = torch.stack([wide, wide.square()], dim=2).double()
    mean, square = local_mean.local_mean(rows, _TAPS).transpose(0, 1).to(picture.dtype).unbind(2)
    deviation = (square - mean**2).abs_().sqrt_()
    return functional.hardshrink((picture - mean).div_(deviation.add_(1.0)), _FLAT)


def halve(picture: Tensor) -> Tensor:
    """(T, H, W) of sides that 96 divides → (T, H/2, W/2) float32 by an antialiased cubic kernel, borders mirrored.

    Single precision, because published values are made so, and it shows: in smooth regions the last bit of a half-size
    pixel decides on which side of zero its normalised value falls, which moves NIQE by up to 7e-4 of itself. The
    published code leaves the order of its sums to a matrix library, which has another one for every processor. Here it
    is written out, so that all machines agree: that of the reference values, made with Intel's library on an AMD
    processor, which takes rows tap by tap and every other column in an order of its own.
    """
    _, height, width = picture.shape
    rows = _mirrored((picture / 255.0).float(), axis=1)
    down = rows[:, 0:height:2] * HALVING[0]
    for tap, weight in enumerate(HALVING[1:], 1):
        down += rows[:, tap : tap + height : 2] * weight
    columns = _mirrored(down, axis=2)
    across = torch.empty_like(down[..., : width // 2])
    for place, add in enumerate((_add_even, _add_odd)):
        taps = [columns[..., 2 * place + tap :][..., : width - 2 : 4] * weight for tap, weight in enumerate(HALVING)]
        across[..., place::2] = add(taps)
    return across.mul_(255.0)


def _add_even(p: list[Tensor]) -> Tensor:
    return p[0].add_(p[1]).add_(p[2]).add_(p[4]).add_(p[3].add_(p[5])).add_(p[6]).add_(p[7])


def _add_odd(p: list[Tensor]) -> Tensor:
    return p[0].add_(p[1]).add_(p[2]).add_(p[3]).add_(p[4]).add_(p[6]).add_(p[5].add_(p[7]))


def _mirrored(picture: Tensor, *, axis: int) -> Tensor:
    reach = len(HALVING) // 2 - 1
    length = picture.shape[axis]
    head, tail = picture.narrow(axis, 0, reach), picture.narrow(axis, length - reach, reach)
    return torch.cat([head.flip(axis), picture, tail.flip(axis)], dim=axis)


OFFICIAL: Final = Definition(
    name="NIQE",
    version=2,
    normalise=normalise,
    halve=halve,
    model="niqe_live",
    grid_end=10.001,
    zeros_are_right=False,
    right_scales=True,
)

NIQE = Metric(
    id="niqe",
    label="NIQE",
    version=OFFICIAL.version,
    direction="lower",
    unit="",
    definition="official algorithm on 8-bit ITU-R 601 luma (rounded), 96×96 blocks at two scales, normalised values "
    "below 1e-9 set to 0, float64 (half-size picture float32, as BasicSR's, its sums in one order), pristine model of "
    "the LIVE release; frames with fewer than two textured blocks are infinite, counted and kept out of the mean",
    source="Mittal, Soundararajan, Bovik 2013; the LIVE release; BasicSR calculate_niqe",
    begin=OFFICIAL.begin,
    bounds=(0.0, float("inf")),
    needs=frozenset(),
    weights=(OFFICIAL.model,),
    digits=2,
)
