"""Measures where a head turns, in the axes of the canonical face: `PIVOT` of `model/mesh_warp/head.py`.

    python benchmarks/head_pivot.py

The renderer knows where the head's pivot is in every frame; this finds the point that, fixed to the canonical face as
the face mesh has it there, comes nearest to it by least squares. Uses the people of `independent_pose.py`, none of them
in the suite `demo`. Takes twenty minutes; needs the extra `portraits`.
"""

import numpy as np
import torch
from independent_pose import renders

from bench.faces import head_pose, landmarks
from bench.portraits.acting.pose import Camera
from bench.weights.resources import Resources
from model.mesh_warp.head import CAMERA


def main() -> None:
    measure, face, camera = landmarks.load(Resources()), head_pose.canonical(), Camera()
    turns, offsets = [], []
    for frames, poses in renders():
        points = measure(torch.from_numpy(frames).permute(0, 3, 1, 2)).double().numpy()
        pivots = camera.project(np.array([pose.translation for pose in poses]))
        for mesh, rotation, pivot in zip(points, head_pose.rotations(points, face), pivots, strict=True):
            if np.isfinite(rotation).all():
                turned = (face @ rotation.T)[:, :2]
                flat = mesh[:, :2] - mesh[:, :2].mean(0)
                turns.append(rotation[:2])
                offsets.append((pivot - mesh[:, :2].mean(0)) * (turned**2).sum() / (turned * flat).sum())
    found = np.linalg.lstsq(np.concatenate(turns), np.concatenate(offsets), rcond=None)[0]
    off = np.concatenate(turns) @ found - np.concatenate(offsets)
    found *= 1 - found[2] / CAMERA  # the face is nearer to the camera than the pivot, and seen larger
    print(f"pivot {found.round(3)} from {len(turns)} frames, off by {np.sqrt((off**2).mean()):.3f} (root mean square)")


if __name__ == "__main__":
    main()
