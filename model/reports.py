"""What a model reports of itself at the end of a clip, checked: its word is taken for nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bench.errors import PredictionError
from bench.settings import Setting
from model.interface import SettingReport


def checked_reports(
    said: object, settings: Sequence[Setting], *, frames: int, about: str
) -> dict[Setting, SettingReport]:
    """What a session's `close()` gave, its curves as float64 of shape (frames,).

    Settings may be missing: nothing was measured under them. `about` names the clip and the call in what is raised.

    Raises:
        PredictionError: it is no mapping from the session's settings to reports with a value a frame.
    """
    if not isinstance(said, Mapping):
        raise PredictionError(
            f"{about} gave {_kind(said)}: it must give a mapping from settings to SettingReport, also an empty one"
        )
    reports = {}
    for setting, report in said.items():
        if not isinstance(setting, Setting) or setting not in settings:
            raise PredictionError(f"{about} gave a report under {setting!r}: its keys must be the clip's own settings")
        if not isinstance(report, SettingReport):
            raise PredictionError(f"{about} gave {_kind(report)} under {setting}: it must give a SettingReport")
        if not isinstance(report.error, str | None) or not isinstance(report.carrier, str):
            raise PredictionError(f"{about} gave an error or a carrier under {setting} that is no text")
        if not isinstance(report.warnings, tuple) or not all(isinstance(text, str) for text in report.warnings):
            raise PredictionError(f"{about} gave warnings under {setting} that are no tuple of texts")
        if not isinstance(report.per_frame, Mapping):
            raise PredictionError(
                f"{about} gave {_kind(report.per_frame)} as per_frame under {setting}: it must be a mapping"
            )
        curves = {name: _curve(name, values, setting, frames, about) for name, values in report.per_frame.items()}
        reports[setting] = SettingReport(curves, report.error, report.carrier, report.warnings)
    return reports


def _curve(name: object, values: object, setting: Setting, frames: int, about: str) -> NDArray[np.float64]:
    if not isinstance(name, str):
        raise PredictionError(f"{about} gave a curve called {name!r} under {setting}: its name must be a text")
    try:
        found = np.asarray(values)
    except Exception:  # whatever an array-like raises
        found = np.array(None)
    if found.dtype.kind not in "biuf":
        raise PredictionError(f"{about} gave {_kind(values)} as {name} under {setting}: it must be an array of numbers")
    if found.shape != (frames,):
        raise PredictionError(
            f"{about} gave {name} of shape {found.shape} under {setting}: each of {frames} frames needs one value"
        )
    return found.astype(np.float64)


def _kind(value: object) -> str:
    return "None" if value is None else type(value).__name__
