"""All that is made of a source once: its head, what belongs to it, what lies behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import interpolate

from model.mesh_warp import back, sheet
from model.mesh_warp.back import Back
from model.mesh_warp.diffusion import Mask, carried_on
from model.mesh_warp.head import Floats, Head, measure
from model.mesh_warp.matte import View, axes, matte
from model.mesh_warp.raster import draw
from model.mesh_warp.sheet import Sheet
from model.mesh_warp.topology import LOWER_LIP, UPPER_LIP, Topology

_SIDE: Final = 128
"""Longer side of the small picture in which the person is found."""
_SURE: Final = 0.95
"""Share of the person from which a pixel shows nothing else, but for those next to the outline:"""
_RIM: Final = 3
_DARK: Final = 0.45
"""Brightness of the inside of a mouth, in those of the darker parts of its lips' inner edges."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """`picture` and `behind` (H, W, 3) float32 in 0–255: the frame, and what is behind the head.

    `layers` (1, 4, H, W) float32: the frame and, in 0–1, the share of the person. `clean` is the same with the person's
    colours carried over its outline, where the frame mixes them with what is behind. `mesh` (468, 3) pixels; `cavity`
    (3,) the colour inside the mouth.
    """

    head: Head
    mesh: Floats
    picture: NDArray[np.float32]
    behind: NDArray[np.float32]
    layers: Tensor
    clean: Tensor
    sheet: Sheet
    back: Back
    cavity: Floats


def prepare(frame: Tensor, points: Floats, face: Floats, topology: Topology) -> Source:
    """frame: (3, H, W) uint8 and its mesh (468, 3); `face` is the canonical one."""
    head = measure(points, face)
    mesh = head.pose.place(head.shape)
    view, face_depth = _view(frame, head, mesh, topology)
    person, attached = matte(view), sheet.attachment(view)
    layout = sheet.of(
        view, head, person, attached, sheet.depth(view, face_depth, person), (frame.shape[1], frame.shape[2])
    )
    share = _enlarged(torch.from_numpy(person)[None], frame)
    hole = ndimage.binary_dilation((person > 0.25) & (attached > 0.02), iterations=2)
    lips = mesh[[*UPPER_LIP[-1], *LOWER_LIP[-1]], :2].astype(np.int64)
    column, row = np.clip(lips, 0, (frame.shape[2] - 1, frame.shape[1] - 1)).T
    return Source(
        head,
        mesh,
        frame.permute(1, 2, 0).float().numpy(),
        _behind(frame, view, hole),
        torch.cat([frame.float(), share])[None],
        torch.cat([_clean(frame, share), share])[None],
        layout,
        back.of(view, head, person > 0.5),
        _DARK * np.percentile(frame[:, row, column].double().numpy(), 20, axis=1),
    )


def _view(frame: Tensor, head: Head, mesh: Floats, topology: Topology) -> tuple[View, Floats]:
    """The frame in small, and the depth of the mesh where it lies, in canonical units."""
    scale = _SIDE / max(frame.shape[1:])
    size = round(frame.shape[1] * scale), round(frame.shape[2] * scale)
    small = interpolate(frame[None].float(), size=size, mode="bilinear", antialias=True)[0]
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    right, down = np.moveaxis((np.stack([x, y], -1) / scale - head.pose.pivot) @ axes(head).T, -1, 0) / head.pose.scale
    places = (mesh * (scale, scale, 1)).astype(np.float32)
    behind = (mesh[:, 2:] / head.pose.scale).astype(np.float32)
    depth, seen = draw(places, np.concatenate([topology.triangles, topology.mouth]), behind, size)
    picture = small.permute(1, 2, 0).double().numpy() / 255
    return View(picture, scale, head.pose.scale * scale, seen, right, down), depth[..., 0].astype(np.float64)


def _clean(frame: Tensor, share: Tensor) -> Tensor:
    """The frame with the person's colours carried from inside its outline over it."""
    own = ndimage.binary_erosion(share[0].numpy() > _SURE, iterations=_RIM, border_value=1)
    if not own.any():
        return frame.float()
    row, column = ndimage.distance_transform_edt(~own, return_distances=False, return_indices=True)
    inner = torch.from_numpy(ndimage.uniform_filter(own.astype(np.float32), 3))
    return inner * frame + (1 - inner) * frame[:, row, column]


def _enlarged(small: Tensor, frame: Tensor) -> Tensor:
    return interpolate(small[None].float(), size=frame.shape[1:], mode="bilinear")[0]


def _behind(frame: Tensor, view: View, hole: Mask) -> NDArray[np.float32]:
    """The frame with what is around a hole carried on into it."""
    fill = _enlarged(torch.from_numpy(carried_on(view.picture * 255, ~hole)).permute(2, 0, 1), frame)
    share = _enlarged(torch.from_numpy(ndimage.gaussian_filter(hole * 1.0, 0.5))[None], frame).clamp(0, 1)
    found = frame + share * (fill - frame)
    return found.permute(1, 2, 0).numpy()
