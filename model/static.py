"""The static baseline: the source frame, repeated. The floor of every column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from bench.settings import Setting
from model.interface import Driving, SettingReport
from model.reconstruct import Reconstructs


@dataclass(frozen=True, slots=True)
class StaticSession:
    """Repeats the source under every setting, without copying it."""

    source: Tensor
    settings: tuple[Setting, ...]

    def step(self, driving: Tensor) -> Mapping[Setting, Tensor]:
        """As many views of the source as there are driving frames."""
        repeated = self.source.unsqueeze(0).expand(len(driving), -1, -1, -1)
        return dict.fromkeys(self.settings, repeated)

    def close(self) -> Mapping[Setting, SettingReport]:
        """Nothing was measured."""
        return {}


@dataclass(frozen=True, slots=True)
class Static(Reconstructs):
    """Model that never moves."""

    name: str = "static"
    size: tuple[int, int] | None = None

    def describe(self) -> Mapping[str, str | float | bool]:
        """There is nothing to choose."""
        return {}

    def open(self, driving: Driving, settings: Sequence[Setting]) -> StaticSession:
        """Begin a clip."""
        return StaticSession(driving.source, tuple(settings))


def load(checkpoint: Path | None = None, *, device: str = "cpu") -> Static:
    """The baseline; it has no checkpoint and computes nothing."""
    return Static()
