"""Choices of how pictures become frames that change numbers: they stand in the protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Fit = Literal["stretch", "crop", "pad"]
"""How a picture of another shape becomes a frame: `stretch` each side by itself; `crop` the largest middle part of the
frame's shape; `pad` to that shape with black bars of equal width."""

Hdr = Literal["tone-map", "stored", "refuse"]
"""What becomes of HDR and BT.2020 video: brought to SDR (bench/media/_pictures/tone_map.py), read as if it were SDR, or
an error."""

Deinterlace = Literal["off", "bwdif"]
"""What becomes of interlaced pictures: as stored, or one frame of each by FFmpeg's filter bwdif."""


@dataclass(frozen=True, slots=True)
class PictureRules:
    """How the pictures of a file become frames."""

    fit: Fit = "stretch"
    hdr: Hdr = "tone-map"
    deinterlace: Deinterlace = "off"


DEFAULT = PictureRules()
