"""How the data of a suite was prepared."""

from __future__ import annotations

import hashlib
from typing import Literal

from bench.record import Record

CropMode = Literal["face", "listed", "tubes", "whole"]


VERSION = 1
"""Raised whenever the same recipe would make other files."""


class Recipe(Record):
    """Everything that the pixels and the sound of prepared clips depend on.

    It stands in the suite file of prepared data, and with that in the protocol of every run on it. `size` is
    (height, width). `fps` None keeps each video's own frames; a rate takes, for every time k / fps, the
    frame nearest in time. `crop`: the square around the only `face`, the `listed` box, the `whole` frame, or the
    public script's `tubes`, each a clip of its own. `face` and `tubes` find faces with `detector`.
    """

    version: int = VERSION
    size: tuple[int, int] = (256, 256)
    kernel: str = "skimage-antialias-linear"
    fps: float | None = None
    crop: CropMode = "face"
    detector: str = "yunet"
    codec: Literal["ffv1", "h264"] = "ffv1"

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
        return f"version {self.version}: {self.size[1]}x{self.size[0]} by {self.kernel}, kept as {self.codec}"

    @property
    def frame_rate(self) -> str:
        """`native`, or the rate to which frames were resampled."""
        return "native" if self.fps is None else f"{self.fps:g} by time"

    @property
    def digest(self) -> str:
        """sha256 of the recipe."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
