"""What a talking-head model is to the benchmark: a stream from driving frames to predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from bench.errors import Transient
from bench.media.picture_rules import DEFAULT, PictureRules
from bench.settings import Setting


@dataclass(frozen=True, slots=True, eq=False)
class Driving:
    """What a model is told of a clip.

    `source` is the (3, H, W) uint8 RGB frame to animate. `reopen` starts another pass over the driving frames as
    (T, 3, H, W) uint8 batches, for models that must look ahead (best-frame search); most never call it.
    `path` is the clip's own file, for models that run outside this process. `rules` say how the pictures of files
    become frames: a file that is scored beside the clip is read likewise.
    """

    id: str
    source: Tensor
    fps: float
    path: Path | None = None
    reopen: Callable[[], Iterator[Tensor]] | None = None
    rules: PictureRules = DEFAULT


@dataclass(frozen=True, slots=True, eq=False)
class SettingReport:
    """What a model measured of itself under one setting.

    `per_frame` maps names (`model_yaw`, `model_pitch`, `model_roll`, degrees) to (T,) values; stored in frames.parquet.
    `error`, if set, is one sentence that turns the setting's outcomes on this clip into failures
    (a free view that did not turn the head). `carrier` says what frames that were read from a file travelled in:
    `uint8` where that is lossless RGB, else `file: codec`. `warnings` are sentences on what is to know of the
    predictions. `transient` says of an error whether the setting may succeed when the clip is tried again.
    """

    per_frame: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    error: str | None = None
    carrier: str = ""
    warnings: tuple[str, ...] = ()
    transient: Transient | None = None


class Session(Protocol):
    """A model at work on one clip. Frames go through in order and nothing of them is kept."""

    def step(self, driving: Tensor) -> Mapping[Setting, Tensor]:
        """(T, 3, H, W) uint8 driving frames → for every setting of the session, as many predicted frames, uint8.

        What it returned it may write into again at the next step.
        """

    def close(self) -> Mapping[Setting, SettingReport]:
        """End of the clip. Called once, also after an error; frees what the session holds."""


class Model(Protocol):
    """A talking-head model, loaded once and used for many clips.

    `name` and `describe()` are stored with the results, not in the protocol: models are what a table compares. `size`
    is the (height, width) it works at, None for any.

    Whatever it raises, `SystemExit` too, ends its clip only. `os._exit` cannot be held up: with several `--jobs` it
    costs its clip, with one the whole run, whose `run.json` then says that it is not complete, whatever the exit code.
    """

    name: str
    size: tuple[int, int] | None

    def describe(self) -> Mapping[str, str | float | bool]:
        """Everything that changes its output: checkpoint sha256, variant, precision, motion mode."""

    def open(self, driving: Driving, settings: Sequence[Setting]) -> Session:
        """Begin a clip under all settings at once; work on the source is done here, once."""
