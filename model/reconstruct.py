"""Reconstruction of arrays with a model, without a runner."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.errors import BenchError
from bench.settings import Setting
from model.interface import Driving, Session

log = logging.getLogger(__name__)


class Reconstructs:
    """Gives a model `reconstruct`: the whole of a short video at once."""

    __slots__ = ()

    def open(self, driving: Driving, settings: Sequence[Setting]) -> Session:
        """Begin a clip; every model has its own."""
        raise NotImplementedError

    def reconstruct(
        self,
        frames: Tensor | NDArray[np.uint8],
        *,
        setting: Setting | None = None,
        source: Tensor | NDArray[np.uint8] | None = None,
        fps: float = 25.0,
        batch: int = 16,
    ) -> Tensor:
        """Animate a source by driving frames.

        Args:
            frames: (T, 3, H, W) uint8 RGB driving frames.
            setting: pose to use; default: the driving pose (`original`).
            source: (3, H, W) uint8 picture to animate; default: the first driving frame.
            fps: frame rate of the driving frames.
            batch: frames given to the model at a time.

        Returns:
            (T, 3, H, W) uint8, as many frames as were given.

        Raises:
            BenchError: the frames are not of that shape and type, or the setting was not followed.

        Example:
            >>> import model, numpy
            >>> from bench.settings import Setting
            >>> frames = numpy.random.default_rng(0).integers(0, 256, (5, 3, 32, 32), dtype=numpy.uint8)
            >>> talker = model.load("static")  # or "facevid2vid", checkpoint="vox-256-new.pth.tar"
            >>> video = talker.reconstruct(frames, setting=Setting.parse("free-view:30,10,0"))
            >>> tuple(video.shape), video.dtype
            ((5, 3, 32, 32), torch.uint8)
        """
        driving = torch.as_tensor(frames)
        if driving.dtype != torch.uint8 or driving.ndim != 4 or driving.shape[1] != 3 or len(driving) == 0:
            raise BenchError(
                f"frames are {tuple(driving.shape)} {driving.dtype}: a model is driven by (T, 3, H, W) uint8 RGB frames"
            )
        chosen = setting if setting is not None else Setting()
        first = driving[0] if source is None else torch.as_tensor(source)

        session = self.open(Driving("frames", first, fps, reopen=lambda: iter(driving.split(batch))), (chosen,))
        try:
            predicted = [session.step(part)[chosen].clone() for part in driving.split(batch)]
        finally:
            reports = session.close()
        report = reports.get(chosen)
        for words in report.warnings if report is not None else ():
            log.warning("%s", words)
        if report is not None and report.error is not None:
            raise BenchError(report.error)
        return torch.cat(predicted)
