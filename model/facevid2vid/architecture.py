"""Which face-vid2vid: the numbers that fix every tensor's shape, and the code semantics that no tensor shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Decoder = Literal["spade", "plain"]
Semantics = Literal["current", "legacy"]


@dataclass(frozen=True, slots=True)
class Architecture:
    """Widths and switches of the networks; the defaults are those of the public `vox-256` configuration.

    Attributes:
        decoder: the SPADE generator (`vox-256`) or the plain one (`vox-256-beta`).
        semantics: `legacy` is the code of October 2021, for which the beta checkpoint was released: another rotation,
            trilinear 3-D up-sampling and strided 3-D down blocks. Tensor names and shapes are those of `current`.
        keypoints: number of canonical keypoints K.
        jacobian: whether the detector has a head for a 3×3 jacobian per keypoint.
        shrink: by how much the anti-aliasing layer shrinks the detector's input (1 leaves it out).
        appearance: widths of the 2-D appearance encoder, from full size down.
        volume: (channels, depth) of the appearance volume.
        volume_blocks: residual blocks on the volume.
        compress: channels of the volume that is warped K+1 times to estimate the motion.
        hourglass: widths of the dense-motion hourglass; the first is its last decoder block's.
        detector: the same for the keypoint detector, with `detector_depth` slices of depth.
        pose: width of the pose estimator's stem (its stages are 4, 8, 16, 32 times as wide).
        bins: bins per head-pose angle.
        decoder_blocks: residual blocks at the decoder's lowest resolution.
        spade: widths of the SPADE decoder; `spade_hidden` those between segmentation input and modulation.
        discriminator: widths of the discriminator's blocks.
        temperature: divisor of the keypoint logits.
    """

    decoder: Decoder = "spade"
    semantics: Semantics = "current"
    keypoints: int = 15
    jacobian: bool = False
    shrink: int = 4
    appearance: tuple[int, ...] = (64, 128, 256)
    volume: tuple[int, int] = (32, 16)
    volume_blocks: int = 6
    compress: int = 4
    hourglass: tuple[int, ...] = (32, 64, 128, 256, 512, 1024)
    detector: tuple[int, ...] = (32, 64, 128, 256, 512, 1024)
    detector_depth: int = 16
    pose: int = 64
    bins: int = 66
    decoder_blocks: int = 6
    spade: tuple[int, int, int] = (512, 256, 64)
    spade_hidden: int = 128
    discriminator: tuple[int, ...] = (64, 128, 256, 512)
    temperature: float = 0.1

    @property
    def legacy(self) -> bool:
        """Whether the semantics are those of October 2021."""
        return self.semantics == "legacy"


VOX_256 = Architecture()
VOX_256_BETA = Architecture(decoder="plain", shrink=1)
VOX_256_BETA_LEGACY = Architecture(decoder="plain", shrink=1, semantics="legacy")

STUB = Architecture(
    keypoints=5,
    appearance=(8, 16, 16),
    volume=(4, 4),
    volume_blocks=2,
    compress=2,
    hourglass=(4, 8, 16),
    detector=(4, 8, 16),
    detector_depth=4,
    pose=4,
    decoder_blocks=2,
    spade=(16, 12, 8),
    spade_hidden=8,
    discriminator=(4, 8),
)
"""Few channels, every code path: what tests run at full speed."""
