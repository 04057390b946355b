"""face-vid2vid (Wang, Mallya, Liu 2021): one-shot free-view talking heads, compatible with the public checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch

from bench.errors import WeightsError
from bench.faces.landmarks import NAME
from bench.files.digest import content_digest
from model.facevid2vid.animator import Animator, Options, Precision
from model.facevid2vid.best_frame import Landmarks, face_mesh_landmarks
from model.facevid2vid.checkpoint import read_checkpoint
from model.facevid2vid.motion import KeypointMotion
from model.facevid2vid.networks import build
from model.facevid2vid.talker import FaceVid2Vid
from model.facevid2vid.variant import Variant

__all__ = ["FaceVid2Vid", "load"]


def load(
    checkpoint: Path | None,
    *,
    device: torch.device | str = "cpu",
    precision: Precision = "fp32",
    variant: Variant | None = None,
    motion: KeypointMotion = "absolute",
    adapt_scale: bool = False,
    best_frame: int | Literal["search"] | None = None,
    landmarks: Landmarks | None = None,
    batch_size: int | None = None,
) -> FaceVid2Vid:
    """A face-vid2vid model from a `.pth.tar` or `.safetensors` checkpoint.

    `variant` overrides what `model.facevid2vid.variant.choose_variant` tells; `landmarks` is the face mesh by default;
    for the rest see `model.facevid2vid.animator.Options`.

    Raises:
        WeightsError: the checkpoint is missing, damaged, of another architecture, or runs code on loading.
    """
    if checkpoint is None:
        raise WeightsError("face-vid2vid needs its weights: name a checkpoint's file with --checkpoint")
    device = torch.device(device)
    read = read_checkpoint(checkpoint, variant=variant)
    found_by = {}
    if best_frame == "search" and landmarks is None:
        landmarks, found_by = face_mesh_landmarks(device), {"landmarks": NAME}
    options = Options(precision, motion, adapt_scale, best_frame, landmarks, batch_size)
    networks = build(read.architecture, read.networks)  # Norms are folded in float64, which not every device has.
    described = {
        "checkpoint_sha256": content_digest(checkpoint),
        "variant": read.variant,
        "variant_reason": read.reason,
        **found_by,
    }
    return FaceVid2Vid(Animator(networks, options, device=device), described)
