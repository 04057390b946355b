"""Angles, rotations, keypoints and warps of face-vid2vid (Wang, Mallya, Liu 2021, sections 3.1 and 3.2).

Coordinates are (x, y, z), each in [-1, 1] from the centre of the first voxel to that of the last. Keypoints are column
vectors: `R` turns `p` into `R p`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

DEGREE = 3.14 / 180
"""One degree in radians as the public code has it; checkpoints are trained with this value."""

KEYPOINT_VARIANCE = 0.01
"""Variance of the gaussian around a keypoint in the dense-motion heat-maps."""


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """`value` is (B, K, 3); `jacobian`, where the checkpoint has that head, (B, K, 3, 3)."""

    value: Tensor
    jacobian: Tensor | None = None

    def __getitem__(self, index: slice) -> Keypoints:
        """A slice of the batch."""
        return Keypoints(self.value[index], None if self.jacobian is None else self.jacobian[index])


def degrees_from_bins(logits: Tensor) -> Tensor:
    """(B, bins) → (B,) degrees: three times the expected bin, minus 99.

    With 66 bins the range is -99…96, and even logits give -1.5.
    """
    bins = torch.arange(logits.shape[1], device=logits.device, dtype=logits.dtype)
    return (logits.softmax(1) * bins).sum(1) * 3 - 99


def rotation_matrix(yaw: Tensor, pitch: Tensor, roll: Tensor, *, legacy: bool = False) -> Tensor:
    """(B,) degrees → (B, 3, 3): `Rx(pitch) Ry(yaw) Rz(roll)`, each right-handed.

    The legacy code has `Rx(roll) Ry(pitch) Rz(yaw)`.
    """
    about_x, about_y, about_z = (roll, pitch, yaw) if legacy else (pitch, yaw, roll)
    return _about_axis(about_x, 0) @ _about_axis(about_y, 1) @ _about_axis(about_z, 2)


def _about_axis(degrees: Tensor, axis: int) -> Tensor:
    cos, sin = torch.cos(degrees * DEGREE), torch.sin(degrees * DEGREE)
    matrix = torch.zeros(*degrees.shape, 3, 3, dtype=degrees.dtype, device=degrees.device)
    one, two = (axis + 1) % 3, (axis + 2) % 3
    matrix[..., axis, axis] = 1
    matrix[..., one, one] = matrix[..., two, two] = cos
    matrix[..., one, two] = -sin
    matrix[..., two, one] = sin
    return matrix


def transform_keypoints(canonical: Keypoints, rotation: Tensor, translation: Tensor, expression: Tensor) -> Keypoints:
    """Equation 1 of the paper: `R p + t + e` for every keypoint, and `R J` for its jacobian.

    `rotation` is (B, 3, 3), `translation` (B, 3), `expression` (B, K, 3); a canonical batch of one serves all B.
    """
    value = torch.einsum("bij,bkj->bki", rotation, canonical.value.expand(len(rotation), -1, -1))
    jacobian = canonical.jacobian
    if jacobian is not None:
        jacobian = torch.einsum("bij,bkjl->bkil", rotation, jacobian.expand(len(rotation), -1, -1, -1))
    return Keypoints(value + translation[:, None] + expression, jacobian)


def coordinate_grid(size: tuple[int, ...], like: Tensor) -> Tensor:
    """Corner-aligned grid of a (D, H, W) or (H, W) `size`: (..., 3) or (..., 2), x first."""
    axes = torch.meshgrid(*(axis(n, like) for n in size), indexing="ij")
    return torch.stack(axes[::-1], dim=-1)


def axis(length: int, like: Tensor) -> Tensor:
    """The (length,) coordinates along one side of a grid, of the dtype and on the device of `like`."""
    return torch.linspace(-1, 1, length, dtype=like.dtype, device=like.device)


def gaussians(keypoints: Tensor, size: tuple[int, int, int], variance: float = KEYPOINT_VARIANCE) -> Tensor:
    """(B, K, 3) → (B, K, D, H, W): `exp(-d² / (2 variance))` with d the distance to the keypoint.

    A product of one gaussian per axis, which needs D + H + W exponentials instead of D·H·W.
    """
    offsets = (axis(n, keypoints) - keypoints[..., index, None] for index, n in enumerate(reversed(size)))
    x, y, z = (torch.exp(-0.5 / variance * offset**2) for offset in offsets)
    return (z[..., :, None] * y[..., None, :])[..., None] * x[..., None, None, :]


def sparse_motions(source: Keypoints, driving: Keypoints, size: tuple[int, int, int]) -> Tensor:
    """Where each motion takes every voxel from: (B, K+1, D, H, W, 3).

    Motion 0 is the identity (background); motion k is `J_s J_d⁻¹ (grid - kp_d) + kp_s`, without jacobians
    `grid - kp_d + kp_s`. `source` may be a batch of one.
    """
    grid = coordinate_grid(size, driving.value)
    batch = len(driving.value)
    moved = grid - driving.value[:, :, None, None, None]
    if source.jacobian is not None and driving.jacobian is not None:
        jacobian = source.jacobian @ torch.linalg.inv(driving.jacobian)
        moved = torch.einsum("bkij,bkdhwj->bkdhwi", jacobian, moved)
    moved = moved + source.value[:, :, None, None, None]
    return torch.cat([grid.expand(batch, 1, *grid.shape), moved], 1)


def sample_volume(volume: Tensor, where: Tensor) -> Tensor:
    """Trilinear samples of (B, C, D, H, W) at (B, D', H', W', 3), zero outside.

    `align_corners=False` over corner-aligned coordinates, as the checkpoints were trained: the identity grid is not
    quite the identity warp.
    """
    return F.grid_sample(volume, where, mode="bilinear", padding_mode="zeros", align_corners=False)


def warp(volume: Tensor, deformation: Tensor) -> Tensor:
    """`sample_volume` after bringing the (B, D', H', W', 3) deformation to the volume's size if it differs."""
    if deformation.shape[1:4] != volume.shape[2:]:
        channels_first = deformation.permute(0, 4, 1, 2, 3)
        resized = F.interpolate(channels_first, size=volume.shape[2:], mode="trilinear", align_corners=False)
        deformation = resized.permute(0, 2, 3, 4, 1)
    return sample_volume(volume, deformation)


def expectation(heatmap: Tensor) -> Tensor:
    """(B, K, D, H, W) weights that sum to one → (B, K, 3), their mean coordinate.

    From the sums over planes: a dot product over a million voxels would lose three digits in float32.
    """
    planes = (heatmap.sum((2, 3)), heatmap.sum((2, 4)), heatmap.sum((3, 4)))
    return torch.stack([(plane * axis(plane.shape[2], plane)).sum(2) for plane in planes], 2)
