"""Any per-frame metric of piq or pyiqa under its own name, one frame at a time."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final, cast

import torch
from torch import Tensor

from bench.compute.scored_frames import ScoredFrames
from bench.errors import BenchError
from bench.outcome import Skip
from bench.weights.resources import Resources
from metrics.libraries import names
from metrics.metric import ClipFacts, Direction, FrameMean, Metric

Score = Callable[..., Any]

_FOLDERS: Final = "whole folders"
_NOT_FRAMES: Final = {
    "fid": _FOLDERS,
    "sfid": _FOLDERS,
    "fid_dinov2": _FOLDERS,
    "inception_score": _FOLDERS,
    "clipscore": "captions",
}


def metric(name: str) -> Metric:
    """The metric `piq:NAME` or `pyiqa:NAME`.

    Raises:
        BenchError: the library is missing, has no such metric, or the metric does not judge frames one by one.
    """
    names.check(name)
    return _piq(name) if name.startswith("piq:") else _pyiqa(name)


def _piq(name: str) -> Metric:
    attribute, form, direction, kind = names.PIQ[name.removeprefix("piq:")]

    def make(resources: Resources) -> Score:
        found = getattr(importlib.import_module("piq"), attribute)
        if form == "network":
            found = found().to(resources.device)
        return cast(Score, found)

    return _metric(name, direction, kind, make)


def _pyiqa(name: str) -> Metric:
    configs = importlib.import_module("pyiqa.default_model_configs").DEFAULT_CONFIGS
    wanted = name.removeprefix("pyiqa:")
    if wanted not in configs:
        raise names.unknown(name, wanted, sorted(configs))
    config = configs[wanted]
    if wanted in _NOT_FRAMES:
        raise BenchError(f"metric '{name}' judges {_NOT_FRAMES[wanted]}, not frames: choose another metric")

    def make(resources: Resources) -> Score:
        return cast(Score, importlib.import_module("pyiqa").create_metric(wanted, device=resources.device))

    direction: Direction = "lower" if config.get("lower_better", False) else "higher"
    return _metric(name, direction, "pair" if config["metric_mode"] == "FR" else "single", make)


def _metric(name: str, direction: Direction, kind: names.Kind, make: Callable[[Resources], Score]) -> Metric:
    library, _, wanted = name.partition(":")

    def begin(facts: ClipFacts, resources: Resources) -> FrameMean:
        if name not in resources.networks:
            try:
                resources.networks[name] = make(resources)
            except (OSError, RuntimeError) as error:
                raise Skip(f"{library} could not load {wanted}: {_line(error)}") from error
        score = resources.networks[name]

        @torch.inference_mode()
        def compute(pred: ScoredFrames, ref: ScoredFrames) -> Tensor:
            sides = (pred.unit, ref.unit) if kind == "pair" else (pred.unit,)
            values = [score(*(side[k : k + 1] for side in sides)) for k in range(len(pred))]
            return torch.stack([torch.as_tensor(value).detach().reshape(()) for value in values])

        return FrameMean(compute)

    return Metric(
        id=name,
        label=name,
        version=1,
        direction=direction,
        unit="",
        definition=f"{wanted} of {library} {version(library)} with its defaults, RGB in [0, 1], one frame at a time, "
        "mean over frames",
        source=f"{library} {version(library)}",
        begin=begin,
        needs=frozenset({"reference"}) if kind == "pair" else frozenset(),
    )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
