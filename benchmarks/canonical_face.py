"""Makes `bench/faces/canonical_face.npz`: the face that measured landmarks are turned back to.

    python benchmarks/canonical_face.py [--check]

32 random people of the renderer (none of the suite `demo`) look in 8 known directions each; the face mesh measures the
pictures, and the canonical face is the one whose known rotations, seen from afar, come nearest to what was measured,
by least squares, made symmetric. The network's own depth is not used. Takes four minutes; needs the extra `portraits`.
"""

import sys

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from bench import weights
from bench.faces import landmarks
from bench.portraits.acting.expression import Expression
from bench.portraits.acting.pose import rotation
from bench.portraits.body.identity import Identity
from bench.portraits.drawing.render import HeadPose, Portrait
from bench.weights.resources import Resources

CANONICAL = weights.locate("canonical_face")
PEOPLE, POSES, FIRST_SEED = 32, 8, 7000
SPREAD = (20.0, 8.0, 6.0)
"""Standard deviations of yaw, pitch and roll, in degrees."""
ROUNDS = 10


def main() -> None:
    face = symmetric(canonical(*views()))
    if "--check" in sys.argv[1:]:
        with np.load(CANONICAL, allow_pickle=False) as file:
            print(f"largest difference from the file: {np.abs(file['points'] - face).max():.2g}")
        return
    np.savez_compressed(CANONICAL, points=face.astype(np.float32))


def views() -> tuple[np.ndarray, np.ndarray]:
    """(V, 468, 2) measured landmarks and (V, 3, 3) the rotations that they were rendered with."""
    measure = landmarks.load(Resources())
    points, turns = [], []
    for person in range(PEOPLE):
        portrait = Portrait(Identity.random(FIRST_SEED + person))
        draw = np.random.default_rng(person)
        poses = [(0.0, 0.0, 0.0), *(tuple(draw.normal(0, SPREAD)) for _ in range(POSES - 1))]
        pixels = np.stack([portrait.frame(HeadPose(*pose), Expression()).pixels for pose in poses])
        points.append(measure(torch.from_numpy(pixels).permute(0, 3, 1, 2)).double().numpy()[..., :2])
        turns += [rotation(*pose) for pose in poses]
        print(f"person {person + 1} of {PEOPLE}", file=sys.stderr)
    found, known = np.concatenate(points), np.array(turns)
    seen = np.isfinite(found).all((1, 2))
    print(f"{seen.sum()} of {len(seen)} views show a face", file=sys.stderr)
    return found[seen], known[seen]


def canonical(points: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """The face (468, 3) of the least Σ |points - s R₂ face - t|² over faces, scales s and shifts t, by turns."""
    points = points - points.mean(1, keepdims=True)
    scale = np.sqrt((points**2).sum((1, 2)))
    scale /= scale.mean()
    flat = points.transpose(0, 2, 1).reshape(-1, points.shape[1])
    for _ in range(ROUNDS):
        face = np.linalg.lstsq((scale[:, None, None] * turns[:, :2]).reshape(-1, 3), flat, rcond=None)[0].T
        seen = np.einsum("vij,nj->vni", turns[:, :2], face)
        scale = (seen * points).sum((1, 2)) / (seen**2).sum((1, 2))
    return face


def symmetric(face: np.ndarray) -> np.ndarray:
    """The mean of a face and its mirror image, centred, of root mean square radius 1."""
    face = face - face.mean(0)
    mirrored = face * (-1.0, 1.0, 1.0)
    partner = linear_sum_assignment(((mirrored[:, None] - face) ** 2).sum(2))[1]
    assert (partner[partner] == np.arange(len(face))).all()
    face = (face + mirrored[partner]) / 2
    return face / np.sqrt((face**2).sum(1).mean())


if __name__ == "__main__":
    main()
