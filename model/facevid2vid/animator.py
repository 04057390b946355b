"""The networks of one checkpoint at work: device, precision, how many frames at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from bench.compute.float32 import float32
from bench.errors import BenchError
from model.facevid2vid.best_frame import Landmarks
from model.facevid2vid.fast.dense_motion import Source
from model.facevid2vid.fast.generator import FastGenerator
from model.facevid2vid.fast.layers import Algorithms
from model.facevid2vid.geometry import Keypoints, rotation_matrix
from model.facevid2vid.motion import KeypointMotion
from model.facevid2vid.networks import Networks

log = logging.getLogger(__name__)

Precision = Literal["fp32", "tf32", "bf16", "fp16"]


@dataclass(frozen=True, slots=True)
class Options:
    """How a checkpoint is used.

    Attributes:
        precision: of the generator's layers; keypoints, poses and warps stay float32. `tf32` differs from `fp32` on
            CUDA only.
        motion: `absolute` takes the driver's keypoints as they are, `relative` adds their motion since the first (or
            best) frame to the source's.
        adapt_scale: in relative motion, scale by the faces' sizes.
        best_frame: in relative motion, start from this driving frame, or `search` for the one most like the source.
        landmarks: what `search` finds faces with.
        batch_size: driving frames at once; by default chosen by the device's memory. Halved when memory runs out.
    """

    precision: Precision = "fp32"
    motion: KeypointMotion = "absolute"
    adapt_scale: bool = False
    best_frame: int | Literal["search"] | None = None
    landmarks: Landmarks | None = None
    batch_size: int | None = None


_HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Animator:
    """The networks on a device, and what they are asked for frame by frame.

    `minimal` lets convolutions use the algorithms with the fewest products where they pay; see `layers.Algorithms`.
    """

    def __init__(self, networks: Networks, options: Options, *, device: torch.device, minimal: bool = True) -> None:
        self.options, self.device = options, device
        self.legacy = networks.architecture.legacy
        half = _HALF.get(options.precision)
        algorithms = Algorithms(minimal=minimal and device.type == "cpu" and half is None)
        # Keypoints rest on these two, which cost little: as they are, they share the public code's rounding.
        self.detector = networks.kp_detector.to(device)
        self.estimator = networks.he_estimator.to(device)
        self.generator = FastGenerator(networks.generator, networks.architecture, algorithms).to(device)
        if half is not None:
            self.generator.narrow(half)
        self.batch_size = options.batch_size or _batch_size(device)

    def images(self, frames: Tensor) -> Tensor:
        """(T, 3, H, W) uint8 → float32 in [0, 1] on the device."""
        return frames.to(self.device).float() / 255

    def rotation(self, yaw: Tensor, pitch: Tensor, roll: Tensor) -> Tensor:
        """(B,) degrees → (B, 3, 3) in the checkpoint's semantics."""
        return rotation_matrix(yaw, pitch, roll, legacy=self.legacy)

    def animate(self, source: Source, driving: Keypoints) -> Tensor:
        """A source and B driving keypoints → (B, 3, H, W) images in [0, 1]."""
        return self.generator.animate(source, driving).image

    def halve_batch(self, clip: str) -> None:
        """After memory ran out: go on with half the batch.

        Raises:
            BenchError: the batch is a single frame already.
        """
        if self.batch_size == 1:
            raise BenchError(
                f"clip {clip}: the memory of {self.device} does not suffice for one frame: "
                "free some, or use another --device",
                transient="out of memory",
            )
        self.batch_size //= 2
        log.warning("clip %s: out of memory, going on with %d frames at once", clip, self.batch_size)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    @contextmanager
    def computing(self) -> Iterator[None]:
        """No gradients, and float32 products as the precision says."""
        with torch.inference_mode(), float32(self.device, tf32=self.options.precision != "fp32"):
            yield


def _batch_size(device: torch.device) -> int:
    """As many frames as fit into half of the free memory of a GPU, 32 at most; elsewhere one, as more bring nothing."""
    if device.type != "cuda":
        return 1
    free, _ = torch.cuda.mem_get_info(device)
    return max(1, min(32, free // 2 // _FRAME_BYTES))


_FRAME_BYTES = 1 << 30
"""What a frame of `vox-256` needs at its widest, generously."""
