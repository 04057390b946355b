"""How the data of a suite was prepared."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from bench.media.picture_rules import Deinterlace, Fit, Hdr, PictureRules
from bench.record import Record

CropMode = Literal["face", "listed", "tubes", "whole"]


VERSION = 1
"""Raised whenever the same recipe would make other files."""

_ADDED = {"fit": "stretch", "hdr": "tone-map", "deinterlace": "off"}
"""Fields that came after the first prepared data: as here, they are left out of digests and files."""


class Recipe(Record):
    """Everything that the pixels and the sound of prepared clips depend on.

    It stands in the suite file of prepared data, and with that in the protocol of every run on it. `size` is
    (height, width). `fps` None keeps each video's own frames; a rate takes, for every time k / fps, the
    frame nearest in time. `crop`: the square around the only `face`, the `listed` box, the `whole` frame, or the
    public script's `tubes`, each a clip of its own. `face` and `tubes` find faces with `detector`. `fit`, `hdr` and
    `deinterlace` say how pictures become frames (bench/media/picture_rules.py).
    """

    version: int = VERSION
    size: tuple[int, int] = (256, 256)
    kernel: str = "skimage-antialias-linear"
    fps: float | None = None
    crop: CropMode = "face"
    detector: str = "yunet"
    codec: Literal["ffv1", "h264"] = "ffv1"
    fit: Fit = "stretch"
    hdr: Hdr = "tone-map"
    deinterlace: Deinterlace = "off"

    @property
    def rules(self) -> PictureRules:
        """How pictures become frames."""
        return PictureRules(self.fit, self.hdr, self.deinterlace)

    @property
    def written(self) -> dict[str, Any]:
        """As it stands in a suite file: what was added later and is as before is left out."""
        return {name: value for name, value in self.model_dump().items() if _ADDED.get(name, ...) != value}

    @property
    def crop_rule(self) -> str:
        """The crop in words, with the detector where one was asked."""
        return {
            "face": f"square around the only face, grown by a tenth ({self.detector})",
            "tubes": f"the public crop script's tubes ({self.detector})",
            "listed": "listed",
            "whole": "none",
        }[self.crop]

    @property
    def summary(self) -> str:
        """What was done to the frames besides the crop."""
        added = "".join(f", {name} {self.written[name]}" for name in _ADDED if name in self.written)
        return f"version {self.version}: {self.size[1]}x{self.size[0]} by {self.kernel}, kept as {self.codec}{added}"

    @property
    def frame_rate(self) -> str:
        """`native`, or the rate to which frames were resampled."""
        return "native" if self.fps is None else f"{self.fps:g} by time"

    @property
    def digest(self) -> str:
        """sha256 of the recipe."""
        text = self.model_dump_json(exclude=_ADDED.keys() - self.written.keys())
        return hashlib.sha256(text.encode()).hexdigest()
