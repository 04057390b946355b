"""The 68 landmarks of the iBUG layout as vertices of the head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.portraits.body.head import LIP_ROW, MOUTH_CORNER, Head

LANDMARKS = 68


def landmark_vertices(head: Head) -> NDArray[np.int64]:
    """(68,) vertex indices: jaw 0–16, brows 17–26, nose 27–35, eyes 36–47, lips 48–67, from the left of the image."""
    found: list[int] = []
    base = len(head.rows) * len(head.columns)

    def at(azimuth: float, elevation: float) -> int:
        away = (head.angles[:base, 0] - azimuth) ** 2 + (head.angles[:base, 1] - elevation) ** 2
        return int(away.argmin())

    jaw_azimuth = [1.32, 1.30, 1.27, 1.20, 1.05, 0.80, 0.55, 0.28, 0.0]
    jaw_elevation = [-0.10, 0.10, 0.30, 0.48, 0.62, 0.72, 0.79, 0.84, 0.86]
    left = [at(-a, e) for a, e in zip(jaw_azimuth, jaw_elevation, strict=True)]
    right = [at(a, e) for a, e in zip(jaw_azimuth[:-1], jaw_elevation[:-1], strict=True)]
    found += left + right[::-1]
    brow_azimuth, brow_elevation = [0.56, 0.46, 0.35, 0.24, 0.13], [-0.395, -0.445, -0.460, -0.445, -0.415]
    found += [at(-a, e) for a, e in zip(brow_azimuth, brow_elevation, strict=True)]
    found += [at(a, e) for a, e in zip(brow_azimuth[::-1], brow_elevation[::-1], strict=True)]
    found += [at(0, e) for e in (-0.22, -0.08, 0.05, 0.178)]
    found += [at(a, e) for a, e in ((-0.115, 0.255), (-0.06, 0.275), (0, 0.285), (0.06, 0.275), (0.115, 0.255))]
    for lid in head.lids:
        first, second = len(lid) // 3, 2 * len(lid) // 3
        found += [int(lid[0, 0]), int(lid[first, 0]), int(lid[second, 0]), int(lid[-1, 0])]
        found += [int(lid[second, 1]), int(lid[first, 1])]
    lips, mid = head.lips, len(head.lips) // 2
    up = [
        at(a * MOUTH_CORNER, LIP_ROW - h)
        for a, h in ((-0.6, 0.040), (-0.24, 0.060), (0, 0.052), (0.24, 0.060), (0.6, 0.040))
    ]
    low = [
        at(a * MOUTH_CORNER, LIP_ROW + h)
        for a, h in ((0.6, 0.055), (0.30, 0.078), (0, 0.082), (-0.30, 0.078), (-0.6, 0.055))
    ]
    found += [int(lips[0, 0]), *up, int(lips[-1, 0]), *low]
    found += [int(lips[2, 0]), int(lips[mid - 6, 0]), int(lips[mid, 0]), int(lips[mid + 6, 0]), int(lips[-3, 0])]
    found += [int(lips[mid + 6, 1]), int(lips[mid, 1]), int(lips[mid - 6, 1])]
    return np.array(found)
