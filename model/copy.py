"""The copy baseline: the driving frames themselves. Under `original` it is the ground truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from bench.settings import Setting
from model.interface import Driving, SettingReport
from model.reconstruct import Reconstructs


@dataclass(frozen=True, slots=True)
class CopySession:
    """Returns what it is given, under every setting."""

    settings: tuple[Setting, ...]

    def step(self, driving: Tensor) -> Mapping[Setting, Tensor]:
        """The driving frames."""
        return dict.fromkeys(self.settings, driving)

    def close(self) -> Mapping[Setting, SettingReport]:
        """Nothing was measured."""
        return {}


@dataclass(frozen=True, slots=True)
class Copy(Reconstructs):
    """Model that is told the answer, and ignores any free view."""

    name: str = "copy"
    size: tuple[int, int] | None = None

    def describe(self) -> Mapping[str, str | float | bool]:
        """There is nothing to choose."""
        return {}

    def open(self, driving: Driving, settings: Sequence[Setting]) -> CopySession:
        """Begin a clip."""
        return CopySession(tuple(settings))


def load(checkpoint: Path | None = None, *, device: str = "cpu") -> Copy:
    """The baseline; it has no checkpoint and computes nothing."""
    return Copy()
