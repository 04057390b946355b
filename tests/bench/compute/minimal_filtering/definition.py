"""The slow twin of every convolution by minimal filtering: the sum as it is defined."""

import itertools

import torch
from torch.nn.functional import pad


def convolved(x, weight, bias=None, *, padding=0, stride=1):
    """(B, C, …) with a kernel (K, C, …) along as many axes → (B, K, …), float64: one tap after the other.

    `padding` (zeros on both sides) and `stride` are one number for all axes, or one for each.
    """
    axes = weight.ndim - 2
    paddings, strides = ([each] * axes if isinstance(each, int) else list(each) for each in (padding, stride))
    x = pad(x.double(), [zeros for each in reversed(paddings) for zeros in (each, each)])
    sizes = [
        (length - taps) // step + 1 for length, taps, step in zip(x.shape[2:], weight.shape[2:], strides, strict=True)
    ]
    total = torch.zeros(len(x), len(weight), *sizes, dtype=torch.float64)
    for tap in itertools.product(*map(range, weight.shape[2:])):
        places = [slice(at, at + size * step, step) for at, size, step in zip(tap, sizes, strides, strict=True)]
        total += torch.einsum("kc,bc...->bk...", weight[(..., *tap)].double(), x[(..., *places)])
    return total if bias is None else total + bias.double().view(-1, *[1] * axes)
