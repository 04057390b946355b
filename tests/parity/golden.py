"""The peers' own values on the suite `demo`, as `python benchmarks/parity.py --write-golden` wrote them down."""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from torch import Tensor

from tests.material import DATA
from tests.parity import clips, damage

FILE = DATA / "parity_demo.json"
ARRAYS = DATA / "parity_demo.npz"
"""What is too long to be read."""
CLIPS = tuple(clips.DEMO / f"{name}.mp4" for name in ("ada_01", "ada_02", "ben_01", "chidi_01", "chidi_02", "mei_01"))
FRAMES = 2
SOUND = "ada_01"
"""The clip whose sound is kept: sound decoders differ in the last bit from machine to machine."""


@cache
def record() -> dict[str, Any]:
    """Versions, digests and values as they lie in the file."""
    found: dict[str, Any] = json.loads(FILE.read_text())
    return found


def values(name: str, place: str) -> NDArray[np.float64]:
    """A peer's values at `clip.set`."""
    written = record()["values"].get(name, {}).get(place)
    return np.asarray(arrays()[f"{name} {place}"] if written is None else written, dtype=np.float64)


@cache
def arrays() -> dict[str, NDArray[Any]]:
    """Features, cepstra, embeddings, distances and the sound."""
    with np.load(ARRAYS) as file:
        return dict(file)


def checked(place: str, pixels: Tensor) -> Tensor:
    """These pixels, if they are those that the peers saw."""
    if damage.digest(pixels) != record()["sha256"][place]:
        reason = (
            f"{place} has other pixels here than the peers saw (decoder, colour conversion or JPEG differ, "
            "see tests/parity): its values cannot be compared; no metric is at fault"
        )
        # Where changes are gated nothing may go unproved; another machine's decoder is no fault of this project's.
        (pytest.fail if "CI" in os.environ else pytest.skip)(reason)
    return pixels
