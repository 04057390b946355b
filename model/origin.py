"""Where the predictions of a clip come from, and what becomes of them when that place fails."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, SupportsFloat

import torch
from torch import Tensor

from bench.compute.transient import transient
from bench.errors import BenchError, PredictionError, Transient
from bench.frames import Frames
from bench.rows import Row
from bench.settings import Setting
from model.interface import Driving, Model, Session, SettingReport
from model.raised import raised
from model.reports import checked_reports

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlayedFile:
    """The file that the predictions of a row are read from.

    `first` is the index of the clip's frame that the predictions begin with, and `start` when the file shows that one,
    in seconds from its own first frame. `retimed`: its frames are scored at other times than those.
    """

    path: Path
    first: int = 0
    start: float = 0.0
    retimed: bool = False


class PredictionStream(Protocol):
    """The predictions of one clip as they come. What fails ends the rows that it concerns, and no other."""

    def played(self) -> Mapping[Row, PlayedFile]:
        """Row → its file, known from the beginning; rows that are made by this process have none."""

    def step(self, reference: Frames) -> Mapping[Row, Frames]:
        """Row → its predictions of these frames; a row that has failed or ended is left out or cut short."""

    def close(self) -> Mapping[Row, SettingReport]:
        """Row → what was measured, or the error that ended it. Called once, also after an error elsewhere."""


class Origin(Protocol):
    """What is being benchmarked: a loaded model, an outside command, or a folder of finished videos."""

    def describe(self) -> Mapping[str, str | float | bool]:
        """What tells this origin's output from another's."""

    def begin(self, driving: Driving, settings: tuple[Setting, ...]) -> PredictionStream:
        """Begin a clip. Raises nothing for what is wrong with one clip: that is reported by `close`."""


@dataclass(frozen=True, slots=True)
class ModelOrigin:
    """A model in this process."""

    model: Model

    def describe(self) -> Mapping[str, str | float | bool]:
        """The model's own description.

        Raises:
            BenchError: it gives none that can be stored with the results.
        """
        about = f"the model {type(self.model).__name__}"
        try:
            said: object = self.model.describe()
            items = list(said.items()) if isinstance(said, Mapping) else []
        except (BenchError, KeyboardInterrupt):
            raise
        except BaseException as error:
            log.exception("%s could not be described", about)
            raise BenchError(f"{about}: describe() failed with {raised(error)}") from error
        if not isinstance(said, Mapping):
            raise BenchError(
                f"{about}: describe() gave {type(said).__name__}: it must give a mapping, also an empty one"
            )
        for name, value in items:
            if not isinstance(name, str) or not isinstance(value, str | SupportsFloat):
                raise BenchError(
                    f"{about}: describe() gave {name!r}: {type(value).__name__}: give texts, numbers, True and False"
                )
        return dict(items)

    def begin(self, driving: Driving, settings: tuple[Setting, ...]) -> PredictionStream:
        """Begin a clip."""
        stream = ModelPredictionStream(driving, settings)
        stream.open(self.model)
        return stream


@dataclass(slots=True)
class ModelPredictionStream:
    """A model at work on one clip: all settings at once, so that one fault ends them all.

    It is given copies of the source and of the frames, and copies are taken of what it returns: it may write into
    either, and what it is scored by stays as it is.
    """

    driving: Driving
    settings: tuple[Setting, ...]
    session: Session | None = None
    error: str | None = field(default=None)
    transient: Transient | None = None
    frames: int = 0
    """Frames that the model has been shown."""

    def open(self, model: Model) -> None:
        """Let the model see the source."""
        try:
            own = replace(self.driving, source=self.driving.source.clone())
            session = model.open(own, self.settings)
            if not callable(getattr(session, "step", None)) or not callable(getattr(session, "close", None)):
                raise PredictionError(
                    f"clip '{self.driving.id}': the model's open() gave {type(session).__name__}: "
                    "it must give a session with step() and close()"
                )
            self.session = session
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._fail(error)

    def played(self) -> Mapping[Row, PlayedFile]:
        """Nothing: the model is in this process."""
        return {}

    def step(self, reference: Frames) -> Mapping[Row, Frames]:
        """Predictions under every setting; none once the model has failed."""
        if self.session is None or self.error is not None:
            return {}
        try:
            driving = reference.pixels.clone()
            with torch.inference_mode():
                predicted = self.session.step(driving)
            self.frames += len(reference)
            return {
                Row.of(setting): replace(reference, pixels=self._checked(predicted[setting], reference.pixels))
                for setting in self.settings
            }
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._fail(error)
            return {}

    def close(self) -> Mapping[Row, SettingReport]:
        """What the model measured of itself under each setting; a model that failed reports that."""
        reports: dict[Row, SettingReport] = {}
        if self.session is not None:
            try:
                said = self.session.close()
                about = f"clip '{self.driving.id}': the model's close()"
                measured = checked_reports(said, self.settings, frames=self.frames, about=about)
                reports = {Row.of(setting): report for setting, report in measured.items()}
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                self._fail(error)
        if self.error is not None:
            report = SettingReport(error=self.error, transient=self.transient)
            return {Row.of(setting): report for setting in self.settings}
        return reports

    def _checked(self, predicted: Tensor, driving: Tensor) -> Tensor:
        if not isinstance(predicted, Tensor):
            raise PredictionError(
                f"clip '{self.driving.id}': the model's step() gave {type(predicted).__name__} under a setting: "
                "it must give a tensor"
            )
        if predicted.dtype != torch.uint8 or predicted.shape != driving.shape:
            raise PredictionError(
                f"clip '{self.driving.id}': the model gave {tuple(predicted.shape)} {predicted.dtype} "
                f"for driving frames {tuple(driving.shape)}: it must give as many uint8 frames of that size"
            )
        # A copy, as the model may refill what it returned before that is scored. A repeated frame stays one in memory.
        distinct = predicted[:1] if predicted.stride(0) == 0 else predicted
        return distinct.to(driving.device, copy=True).expand_as(predicted)

    def _fail(self, error: BaseException) -> None:
        """Keep why the model failed; what it does wrong after that follows from it."""
        if self.error is not None:
            return
        self.transient = transient(error)
        if isinstance(error, BenchError):
            self.error = str(error)
            return
        log.exception("model failed on clip %s", self.driving.id)
        self.error = f"clip '{self.driving.id}': the model failed with {raised(error)}"
