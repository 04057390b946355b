"""The pairs of film strips that the golden values of the pixel metrics were computed on."""

from __future__ import annotations

import hashlib
import json
from functools import cache

import numpy as np
import pandas as pd
from torch import Tensor

from bench.compute.scored_frames import ScoredFrames
from bench.outcome import Outcome
from bench.weights.resources import Resources
from metrics import registry
from metrics.metric import ClipFacts
from tests.material import GOLDEN
from tests.metrics import pictures

FOLDER = GOLDEN / "metrics"
CLIPS = ("wda_a", "wda_k")
SETS = ("identity", "static", "blur", "jpeg20", "noise8", "shift2")


def score(name: str, pred: ScoredFrames, ref: ScoredFrames) -> Outcome:
    """One metric on one piece of a clip, without the scorer around it."""
    accumulator = registry.get(name).begin(ClipFacts("test"), Resources())
    accumulator.update(pred, ref)
    return accumulator.result()


@cache
def strip(clip: str, name: str) -> Tensor:
    """(24, 3, 256, 256) uint8, checked by its digest."""
    pixels = pictures.golden(clip, name)
    raw = np.ascontiguousarray(pixels.permute(0, 2, 3, 1).numpy()).tobytes()
    index = json.loads((FOLDER / "frames" / "index.json").read_text())
    assert hashlib.sha256(raw).hexdigest() in json.dumps(index), f"{clip}.{name} is not the golden set"
    return pixels


@cache
def _table() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "pairs_frames.csv")


def golden(clip: str, name: str, metric: str) -> pd.Series:
    """Values of a peer by frame number."""
    table = _table()
    rows = table[(table["clip"] == clip) & (table["set"] == name) & (table["metric"] == metric)]
    assert len(rows), f"no golden values of {metric} for {clip}.{name}"
    return rows.set_index("frame")["value"]
