"""Values known in part of a picture, carried on smoothly into the rest of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from model.mesh_warp.head import Floats

Mask = NDArray[np.bool_]


def carried_on(values: Floats, known: Mask) -> Floats:
    """(H, W, C), `known` (H, W) → the same where known, elsewhere the mean of its neighbours (Laplace's equation)."""
    height, width = known.shape
    alike = np.ones((height, width - 1)), np.ones((height - 1, width))
    return balanced(values, known, alike, np.zeros(known.shape), values)


def balanced(values: Floats, known: Mask, alike: tuple[Floats, Floats], pull: Floats, towards: Floats) -> Floats:
    """The x of the least Σ alike · (difference of neighbours)² + Σ pull · (x - towards)², x being `values` where known.

    Args:
        values: (H, W, C); looked at where `known` (H, W).
        known: where x is given.
        alike: (H, W - 1) and (H - 1, W) weights between neighbours in a row and in a column.
        pull: (H, W) weights of `towards`.
        towards: (H, W, C).
    """
    if known.all():
        return values.copy()
    across, down = alike
    number = np.arange(known.size).reshape(known.shape)
    one = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    other = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    weight = np.concatenate([across.ravel(), down.ravel()])
    entries = np.concatenate([weight, weight, -weight, -weight, pull.ravel()])
    rows = np.concatenate([one, other, one, other, number.ravel()])
    columns = np.concatenate([one, other, other, one, number.ravel()])
    matrix = sparse.csr_matrix((entries, (rows, columns)), shape=(known.size, known.size))

    free, given = np.flatnonzero(~known), np.flatnonzero(known)
    found = values.reshape(known.size, -1).astype(np.float64)
    wanted = (pull[..., None] * towards).reshape(known.size, -1)[free]
    rows_of_free = matrix[free]
    wanted = wanted - rows_of_free[:, given] @ found[given]
    found[free] = splu(rows_of_free[:, free].tocsc()).solve(wanted)
    return found.reshape(values.shape)
