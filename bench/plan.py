"""What a run will do, settled before it begins: plain data that travels to worker processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bench.settings import Setting

GROUND_TRUTH = "ground-truth"
STATIC = "static"

VideoCodec = Literal["h264", "ffv1", "png"]
SUFFIXES: dict[VideoCodec, str] = {"h264": ".mp4", "ffv1": ".mkv", "png": ""}


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """Which model to load, and how."""

    name: str = "static"
    checkpoint: Path | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """How every clip of a run is treated.

    `size` is (height, width) of what the model sees and metrics score; `batch` the frames that go through at a time,
    which changes memory and speed and no number. `codec` None saves no videos.
    """

    out: Path
    model: ModelPlan
    settings: tuple[Setting, ...]
    metrics: tuple[str, ...]
    size: tuple[int, int] = (256, 256)
    batch: int = 16
    device: str = "cpu"
    codec: VideoCodec | None = "h264"
    side_by_side: bool = False
    weights: dict[str, Path] = field(default_factory=dict)
    weights_dir: Path | None = None

    @property
    def rows(self) -> tuple[str, ...]:
        """Rows of the tables: ceiling, floor, and the settings. A static model is its own floor."""
        floor = () if self.model.name == "static" else (STATIC,)
        return (GROUND_TRUTH, *floor, *(str(setting) for setting in self.settings))
