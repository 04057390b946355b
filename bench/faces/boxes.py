"""Boxes: overlap, and the best of many that overlap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]
"""(N, 4) or (4,): left, top, right, bottom."""


def iou(box: Boxes, others: Boxes, *, pixel: float = 0.0) -> NDArray[np.float64]:
    """Intersection over union of one (4,) box with each of (N, 4).

    `pixel` is added to every width and height: 1 for rules that count both edge pixels in.
    """
    left_top = np.maximum(box[:2], others[:, :2])
    right_bottom = np.minimum(box[2:], others[:, 2:])
    common = np.clip(right_bottom - left_top + pixel, 0, None).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2] + pixel).prod(axis=1)
    area = (box[2:] - box[:2] + pixel).prod()
    union = area + areas - common
    overlap: NDArray[np.float64] = np.divide(common, union, out=np.zeros_like(union), where=union > 0)
    return overlap


def suppressed(boxes: Boxes, scores: NDArray[np.float64], threshold: float) -> NDArray[np.intp]:
    """Indices of the boxes that stay, best first, when each removes all worse ones that overlap it by more."""
    order = np.argsort(-scores, kind="stable")
    kept = []
    while order.size:
        best, rest = order[0], order[1:]
        kept.append(best)
        order = rest[iou(boxes[best], boxes[rest]) <= threshold]
    return np.array(kept, dtype=np.intp)
