"""Deterministic pictures for networks of faces."""

import numpy as np
import skimage.data


def pictures(side):
    """(3, 3, side, side) uint8: noise, waves, and a person (skimage's astronaut, public domain)."""
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    y, x = np.mgrid[:side, :side]
    waves = np.stack([(3 * x * (c + 1) + 5 * y * (3 - c)) % 256 for c in range(3)], -1).astype(np.uint8)
    left = 222 - side // 2
    person = skimage.data.astronaut()[30 : 30 + side, left : left + side]
    return np.stack([noise, waves, person]).transpose(0, 3, 1, 2)
