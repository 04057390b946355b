"""What a run will do, settled before it begins: plain data that travels to worker processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bench.media.formats import VideoCodec
from bench.media.picture_rules import DEFAULT, PictureRules
from bench.rows import CODEC_FLOOR, GROUND_TRUTH, STATIC, Row
from bench.run.presets import TABLE, Preset
from bench.settings import Setting

if TYPE_CHECKING:
    from bench.weights.resources import Resources
    from model.origin import Origin
    from model.outside.command import CommandModel
    from model.outside.playback import Alignment
    from model.outside.predictions import Predictions


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

    @property
    def is_foreign(self) -> bool:
        """Whether code that is not this benchmark's own makes the predictions where clips run."""
        from model import registry

        return self.predictions is None and self.command is None and self.name not in registry.TABLE

    def load(self, device: str) -> Origin:
        """Load what is to be benchmarked."""
        from model import registry
        from model.origin import ModelOrigin

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
    videos. `pictures` says how the pictures of files become frames, `alignment` and `panel` what of finished
    predictions is scored (model/outside/playback.py), and `sound` whose sound judges them. `apart`: clips run in
    another process than this one even if they run one at a time, so that a model which ends its process ends one clip.
    A clip that takes more than `timeout` seconds is ended with its process; None waits for ever.
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
    panel: int = 0
    sound: Literal["clip", "prediction"] = "clip"
    pictures: PictureRules = DEFAULT
    apart: bool = False
    timeout: float | None = None

    def origin(self) -> Origin:
        """Load what is to be benchmarked, with the rows that need a generator of their own."""
        from model.outside.codec_floor import WithCodecFloor

        origin = self.model.load(self.device)
        return WithCodecFloor(origin) if self.codec_floor else origin

    def resources(self) -> Resources:
        """Where metrics compute, and where their weights come from."""
        import torch

        from bench.weights.resources import Resources

        return Resources(
            device=torch.device(self.device),
            weights=dict(self.weights),
            weights_dir=self.weights_dir,
            download=self.download,
        )

    @property
    def rows(self) -> tuple[Row, ...]:
        """Rows of the tables: ceiling, floor, and the settings. A static model is its own floor."""
        floor = () if self.model.is_static else (STATIC,)
        codec = (CODEC_FLOOR,) if self.codec_floor else ()
        return (GROUND_TRUTH, *floor, *codec, *map(Row.of, self.settings))
