"""What a run will do, settled before it begins: plain data that travels to worker processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bench.presets import TABLE, Preset
from bench.settings import Setting

if TYPE_CHECKING:
    from bench.generator import Origin
    from metrics.metric import Resources
    from model.command import CommandModel
    from model.playback import Alignment
    from model.predictions import Predictions

GROUND_TRUTH = "ground-truth"
STATIC = "static"
CODEC_FLOOR = "codec-floor"
WITHOUT_MODEL = (GROUND_TRUTH, STATIC, CODEC_FLOOR)
"""Rows that no model has a part in, in the order of the tables."""

VideoCodec = Literal["h264", "ffv1", "png"]
SUFFIXES: dict[VideoCodec, str] = {"h264": ".mp4", "ffv1": ".mkv", "png": ""}


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """What is benchmarked: a model by name, finished `predictions`, or an outside `command`."""

    name: str = "static"
    checkpoint: Path | None = None
    options: dict[str, Any] = field(default_factory=dict)
    predictions: Predictions | None = None
    command: CommandModel | None = None

    @property
    def is_static(self) -> bool:
        """Whether this is the static baseline."""
        return self.name == "static" and self.predictions is None and self.command is None

    def load(self, device: str) -> Origin:
        """Load what is to be benchmarked."""
        from bench.generator import ModelOrigin
        from model import registry

        if self.predictions is not None:
            return self.predictions
        if self.command is not None:
            return self.command
        return ModelOrigin(registry.load(self.name, checkpoint=self.checkpoint, device=device, **self.options))


@dataclass(frozen=True, slots=True)
class Plan:
    """How every clip of a run is treated.

    `size` is (height, width) of what the model sees and metrics score; `batch` the frames that go through at a time,
    which changes memory and speed and no number. `feature_cache` is where features of reference frames are kept between
    runs; None computes them anew. `codec_floor` adds a row with the reference through H.264. `codec` None saves no
    videos.
    """

    out: Path
    model: ModelPlan
    settings: tuple[Setting, ...]
    metrics: tuple[str, ...]
    size: tuple[int, int] = (256, 256)
    batch: int = 32
    device: str = "cpu"
    codec: VideoCodec | None = "h264"
    side_by_side: bool = False
    weights: dict[str, Path] = field(default_factory=dict)
    weights_dir: Path | None = None
    download: bool = True
    feature_cache: Path | None = None
    codec_floor: bool = False
    preset: Preset = TABLE["default"]
    alignment: Alignment = "strict"

    def origin(self) -> Origin:
        """Load what is to be benchmarked, with the rows that need a generator of their own."""
        from model.codec_floor import WithCodecFloor

        origin = self.model.load(self.device)
        return WithCodecFloor(origin) if self.codec_floor else origin

    def resources(self) -> Resources:
        """Where metrics compute, and where their weights come from."""
        import torch

        from metrics.metric import Resources

        return Resources(
            device=torch.device(self.device),
            weights=dict(self.weights),
            weights_dir=self.weights_dir,
            download=self.download,
        )

    @property
    def rows(self) -> tuple[str, ...]:
        """Rows of the tables: ceiling, floor, and the settings. A static model is its own floor."""
        floor = () if self.model.is_static else (STATIC,)
        codec = (CODEC_FLOOR,) if self.codec_floor else ()
        return (GROUND_TRUTH, *floor, *codec, *(str(setting) for setting in self.settings))
