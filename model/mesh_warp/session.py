"""mesh-warp at work on one clip: driving frames in, the source in their poses out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.compute.frame_values import FrameValues
from bench.errors import PredictionError
from bench.faces import head_pose
from bench.faces.landmarks import BLOCK
from bench.settings import Setting
from model.interface import Driving, SettingReport
from model.mesh_warp import head
from model.mesh_warp.head import Floats, Head
from model.mesh_warp.painter import Painter
from model.mesh_warp.source import prepare
from model.mesh_warp.topology import Topology

UNTURNED: Final = 0.01
"""Degrees below which a turn is float noise."""
_NAMES: Final = ("model_yaw", "model_pitch", "model_roll")


class MeshWarpSession:
    """A `model.interface.Session`; see there. Work on the source is done in the constructor.

    `find` gives the face meshes (T, 468, 3) of (T, 3, H, W) uint8 frames, NaN where there is no face. `threads` each
    use one core: a network that is spread over several rounds differently.
    """

    def __init__(
        self,
        driving: Driving,
        settings: Sequence[Setting],
        *,
        find: Callable[[Tensor], Tensor],
        face: Floats,
        topology: Topology,
        threads: ThreadPoolExecutor,
    ) -> None:
        self._clip, self._settings = driving.id, tuple(settings)
        self._find, self._face, self._threads = find, face, threads
        (points,) = self._meshes(driving.source[None])
        if points is None:
            raise PredictionError(
                f"clip '{driving.id}': no face is found in the source, which mesh-warp needs: "
                "crop the clip to the face (benchmark.py prepare), or name another source"
            )
        frame = driving.source.cpu()
        self._painter = threads.submit(lambda: Painter(prepare(frame, points, face, topology), topology)).result()
        self._first: Head | None = None
        self._last: Head | None = None
        self._lost = 0
        self._angles = {setting: FrameValues[np.float64](shape=(3,)) for setting in self._settings}
        self._turned = dict.fromkeys(self._settings, 0.0)

    def step(self, driving: Tensor) -> Mapping[Setting, Tensor]:
        """(T, 3, H, W) uint8 driving frames → for every setting as many predicted frames, uint8."""
        heads = [self._followed(points) for points in self._meshes(driving)]
        predicted = {}
        for setting in self._settings:
            moved = [self._moved(now, setting) for now in heads]
            pictures = list(self._threads.map(self._painter.paint, moved))
            predicted[setting] = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()
            self._note(setting, heads, moved)
        return predicted

    def close(self) -> Mapping[Setting, SettingReport]:
        """The pose in which heads were painted (under `original` that measured in the driving frame), and how many
        frames had no face."""
        lost: tuple[str, ...] = ()
        if self._lost:
            lost = (f"mesh-warp: {self._lost} driving frames without a face keep the pose of the frame before",)
        reports = {}
        for setting in self._settings:
            angles = self._angles[setting].array()
            error = None
            if not setting.is_original and len(angles) and self._turned[setting] < UNTURNED:
                error = (
                    f"clip {self._clip}: setting {setting} left the head as it is driven (it turns by "
                    f"{self._turned[setting]:.1e} degrees at most): ask for other angles"
                )
            curves = {name: angles[:, index] for index, name in enumerate(_NAMES)}
            # Frames without a face are the clip's: one setting tells of them.
            reports[setting] = SettingReport(curves, error, warnings=lost if setting == self._settings[0] else ())
        return reports

    def _meshes(self, frames: Tensor) -> list[Floats | None]:
        """The mesh of every frame, None where there is no face."""
        found = self._threads.map(torch.inference_mode()(self._find), frames.split(BLOCK))
        points = torch.cat(list(found)).cpu().double().numpy()
        return [mesh if np.isfinite(mesh).all() else None for mesh in points]

    def _followed(self, points: Floats | None) -> Head | None:
        """The head of the next driving frame; without a face that of the last one that had one."""
        if points is None:
            self._lost += 1
            return self._last
        self._last = head.measure(points, self._face)
        if self._first is None:
            self._first = self._last
        return self._last

    def _moved(self, driven: Head | None, setting: Setting) -> Head:
        source = self._painter.source.head
        if driven is None or self._first is None:  # no face yet: as if the source drove
            return head.moved(source, source, source, setting)
        return head.moved(source, driven, self._first, setting)

    def _note(self, setting: Setting, driven: Sequence[Head | None], moved: Sequence[Head]) -> None:
        """Keep the pose of what was painted, and how far it is from the driven one."""
        self._angles[setting].add(head_pose.angles(np.stack([now.pose.rotation for now in moved])))
        if setting.is_original:
            return
        for was, now in zip(driven, moved, strict=True):
            as_driven = was if was is not None else self._painter.source.head
            turn: NDArray[np.float64] = now.pose.rotation - as_driven.pose.rotation
            # The chord between two rotations is √8 times the sine of half the angle: exact where that is small.
            half = np.arcsin(min(float(np.linalg.norm(turn)) / np.sqrt(8), 1.0))
            self._turned[setting] = max(self._turned[setting], float(np.rad2deg(2 * half)))
