"""mesh-warp, the classical baseline: a source warped by its face mesh, without a learned generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from bench.compute.cores import one_core
from bench.errors import WeightsError
from bench.faces import head_pose, landmarks
from bench.settings import Setting
from bench.weights.resources import Resources
from model.interface import Driving
from model.mesh_warp import topology
from model.mesh_warp.session import MeshWarpSession
from model.reconstruct import Reconstructs

__all__ = ["MeshWarp", "load"]

VERSION = 1
"""Goes up when the same clip gives other frames."""


class MeshWarp(Reconstructs):
    """A `model.interface.Model` that moves the source's pixels with 468 points of its face, and generates none.

    Points come from MediaPipe's face mesh, which ships with this package; docs/mesh_warp.md has the method. It works at
    any size, and gives the same frames on any number of threads and in batches of any size.
    """

    name = "mesh-warp"
    size: tuple[int, int] | None = None

    def __init__(self, resources: Resources) -> None:
        self._find = landmarks.load(resources)
        self._face = head_pose.canonical(resources)
        self._topology = topology.of(self._face)
        self._threads = ThreadPoolExecutor(torch.get_num_threads(), "mesh-warp", initializer=one_core)

    def describe(self) -> Mapping[str, str | float | bool]:
        """The method's version, and what finds the points."""
        return {"version": str(VERSION), "landmarks": landmarks.NAME}

    def open(self, driving: Driving, settings: Sequence[Setting]) -> MeshWarpSession:
        """Begin a clip under all settings at once.

        Raises:
            PredictionError: no face is found in the source.
        """
        return MeshWarpSession(
            driving, settings, find=self._find, face=self._face, topology=self._topology, threads=self._threads
        )


def load(checkpoint: Path | None = None, *, device: torch.device | str = "cpu") -> MeshWarp:
    """The classical baseline. The face mesh runs on `device`, all else on the CPU.

    Raises:
        WeightsError: a checkpoint is given, which it has no use for.
    """
    if checkpoint is not None:
        raise WeightsError("mesh-warp has no checkpoint: leave --checkpoint out")
    return MeshWarp(Resources(device=torch.device(device)))
