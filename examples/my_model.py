"""A model in this process, as `--model examples.my_model:Brighten` loads it.

python benchmark.py --suite demo --model examples.my_model:Brighten
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from bench.settings import Setting
from model.interface import Driving, SettingReport


@dataclass
class Session:
    """One clip: shows the source, brightened by the yaw."""

    source: torch.Tensor
    settings: Sequence[Setting]

    def step(self, driving: torch.Tensor) -> Mapping[Setting, torch.Tensor]:
        """(T, 3, H, W) uint8 driving frames → as many predicted frames under every setting."""
        count = len(driving)
        return {setting: self._bright(setting.yaw or 0).expand(count, -1, -1, -1) for setting in self.settings}

    def _bright(self, amount: float) -> torch.Tensor:
        return (self.source.int() + round(amount)).clamp(0, 255).to(torch.uint8)

    def close(self) -> Mapping[Setting, SettingReport]:
        """Nothing was measured."""
        return {}


class Brighten:
    """Loaded once; takes what the command line gives: a checkpoint and a device."""

    name = "brighten"
    size = None

    def __init__(self, checkpoint: Path | None, *, device: str) -> None:
        self.checkpoint = checkpoint

    def describe(self) -> Mapping[str, str | float | bool]:
        """Whatever changes the output belongs here; it is stored with the results."""
        return {"brightness": "the yaw in degrees"}

    def open(self, driving: Driving, settings: Sequence[Setting]) -> Session:
        """Begin a clip; work on the source is done here, once."""
        return Session(driving.source, settings)
