"""Head pose of rendered people without the face mesh, to judge models that the face mesh drives.

    python benchmarks/independent_pose.py     # renders 100 people anew and fits benchmarks/independent_pose.npz again

Ridge regression of yaw, pitch and roll on YuNet's five landmarks and on a histogram of gradients inside its box (Dalal
and Triggs 2005): of the face, not of hair and outline, which a warp fills in. It learns from renders of people who are
neither in the suite `demo` nor behind the canonical face, and knows nothing of photographs.
`--check` prints its error on people that it has not learned from, five folds.
Takes twenty minutes; needs the extra `portraits`.
"""

import sys
from collections.abc import Iterator
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import torch
from skimage.feature import hog
from skimage.transform import resize

from bench.faces import detector
from bench.portraits.acting.expression import Expression
from bench.portraits.body.identity import Identity
from bench.portraits.drawing.render import HeadPose, Portrait
from bench.weights.resources import Resources

FITTED = Path(__file__).with_suffix(".npz")
PEOPLE, POSES, FIRST_SEED = 100, 8, 7300
RIDGE = 1000.0
SIDE, CELL = 64, 8
MARGIN = 0.8
FOLDS = 5


def estimate(frames: torch.Tensor) -> np.ndarray:
    """(T, 3, H, W) uint8 → (T, 3) yaw, pitch, roll in degrees as in docs/demo.md; NaN for frames without a face."""
    with np.load(FITTED, allow_pickle=False) as file:
        mean, spread, weights, offset = (file[name] for name in ("mean", "spread", "weights", "offset"))
    return ((features(frames) - mean) / spread) @ weights + offset


def features(frames: torch.Tensor) -> np.ndarray:
    """(T, 3, H, W) uint8 → (T, F); NaN for frames without a face."""
    found = []
    for frame, faces in zip(frames, detector.load("yunet", Resources()).detect(frames), strict=True):
        if len(faces) == 0:
            found.append(None)
            continue
        largest = int(np.argmax(np.prod(faces.boxes[:, 2:] - faces.boxes[:, :2], axis=1)))
        box = faces.boxes[largest]
        found.append(np.concatenate([gradients(frame, box), shape(faces.landmarks[largest], box)]))
    length = next((len(one) for one in found if one is not None), 0)
    return np.stack([np.full(length, np.nan) if one is None else one for one in found])


def gradients(frame: torch.Tensor, box: np.ndarray) -> np.ndarray:
    centre, half = (box[:2] + box[2:]) / 2, MARGIN / 2 * (box[2:] - box[:2]).max()
    left, top, right, bottom = (round(v) for v in (*(centre - half), *(centre + half)))
    grey = frame.double().mean(0).numpy() / 255
    beyond = max(0, -left, -top, right - grey.shape[1], bottom - grey.shape[0])
    square = np.pad(grey, beyond, mode="edge")[top + beyond : bottom + beyond, left + beyond : right + beyond]
    return hog(resize(square, (SIDE, SIDE), anti_aliasing=True), 8, (CELL, CELL), (2, 2))


def shape(landmarks: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Quadratic terms of five landmarks and the box, upright by the eyes and of unit size; the eyes' angle."""
    eyes, mouth = landmarks[:2].mean(0), landmarks[3:].mean(0)
    across = landmarks[1] - landmarks[0]
    angle = np.arctan2(across[1], across[0])
    size = np.hypot(np.linalg.norm(across), np.linalg.norm(mouth - eyes))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    upright = (landmarks - eyes) @ turn / size
    sides = (box.reshape(2, 2) - eyes) / size
    terms = np.array([upright[1, 0] - upright[0, 0], *upright[2:].ravel(), *sides.ravel()])
    products = [terms[a] * terms[b] for a, b in combinations_with_replacement(range(len(terms)), 2)]
    return np.array([*terms, *products, angle])


def renders() -> Iterator[tuple[np.ndarray, list[HeadPose]]]:
    """Person by person: frames (POSES, H, W, 3) uint8 and the poses that they show."""
    for person in range(PEOPLE):
        draw = np.random.default_rng([person, 5])
        portrait = Portrait(Identity.random(FIRST_SEED + person))
        frames, poses = [], []
        for index in range(POSES):
            yaw, pitch, roll = (float(draw.uniform(*span)) for span in ((-42, 42), (-20, 24), (-14, 14)))
            poses.append(HeadPose(yaw, pitch, roll, translation=tuple(draw.normal(0, 0.12, 3))))
            speaking = Expression.of(jaw=float(draw.uniform(0, 12)), blink=float(draw.uniform())) if index % 2 else None
            frames.append(portrait.frame(poses[-1], speaking or Expression(), grain=index).pixels)
        yield np.stack(frames), poses
        print(f"person {person + 1} of {PEOPLE}", file=sys.stderr)


def people() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(V, F) features, (V, 3) true angles, and (V,) whose they are."""
    seen, angles = [], []
    for frames, poses in renders():
        seen.append(features(torch.from_numpy(frames).permute(0, 3, 1, 2)))
        angles += [(pose.yaw, pose.pitch, pose.roll) for pose in poses]
    found, owner = np.concatenate(seen), np.repeat(np.arange(PEOPLE), POSES)
    known = np.isfinite(found[:, 0])
    return found[known], np.array(angles)[known], owner[known]


def fit(found: np.ndarray, angles: np.ndarray) -> dict[str, np.ndarray]:
    mean, spread, offset = found.mean(0), found.std(0) + 1e-9, angles.mean(0)
    scaled = (found - mean) / spread
    weights = np.linalg.solve(scaled.T @ scaled + RIDGE * np.eye(scaled.shape[1]), scaled.T @ (angles - offset))
    return {"mean": mean, "spread": spread, "weights": weights, "offset": offset}


def main() -> None:
    found, angles, owner = people()
    off = np.empty_like(angles)
    for fold in range(FOLDS):
        left_out = owner % FOLDS == fold
        known = fit(found[~left_out], angles[~left_out])
        scaled = (found[left_out] - known["mean"]) / known["spread"]
        off[left_out] = scaled @ known["weights"] + known["offset"] - angles[left_out]
    print("mean absolute error on people left out: yaw {:.1f}, pitch {:.1f}, roll {:.1f}".format(*np.abs(off).mean(0)))
    if "--check" not in sys.argv[1:]:
        np.savez_compressed(FITTED, **{name: part.astype(np.float32) for name, part in fit(found, angles).items()})


if __name__ == "__main__":
    main()
