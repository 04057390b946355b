"""Values of frames kept in one piece: what was added, in order, and nothing that grows with the batches' own memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.compute.frame_values import FrameValues

_STATUS = Path("/proc/self/statm")

_SCORING = """
import sys
from pathlib import Path

import torch

from bench.compute.scored_frames import ScoredFrames
from bench.weights.resources import Resources
from metrics.l1 import L1
from metrics.metric import ClipFacts
from metrics.psnr import PSNR


def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


pixels = torch.randint(0, 256, (2, 32, 3, 64, 64), dtype=torch.uint8)
rows = [metric.begin(ClipFacts("clip"), Resources()) for metric in (PSNR, L1) for _ in range(2)]
with torch.inference_mode():
    for batch in range(120):
        if batch == 20:
            before = megabytes()
        pred, ref = (ScoredFrames.of(side.clone(), start=32 * batch) for side in pixels)
        for row in rows:
            row.update(pred, ref)
print(megabytes() - before)
"""


def test_rows_come_back_in_order_however_they_were_batched() -> None:
    """Also where they outgrow the room of the beginning several times, and one batch alone does."""
    rows = np.random.default_rng(3).normal(size=(9000, 3))
    kept: FrameValues[np.float64] = FrameValues(shape=(3,))
    for part in np.split(rows, [0, 1, 33, 1023, 1024, 1025, 8500]):
        kept.add(part)
    assert len(kept) == 9000
    np.testing.assert_array_equal(kept.array(), rows)


def test_what_is_given_and_what_is_taken_are_copies() -> None:
    """Neither the batch that was added nor the array that was asked for is tied to what is kept."""
    kept: FrameValues[np.bool_] = FrameValues(np.bool_)
    batch = np.array([True, False])
    kept.add(batch)
    batch[:] = True
    kept.array()[:] = True
    assert kept.array().tolist() == [True, False]
    assert kept.array().dtype == np.bool_


def test_nothing_added_is_an_empty_array() -> None:
    """With the shape of a row."""
    assert FrameValues(shape=(3, 3)).array().shape == (0, 3, 3)


@pytest.mark.skipif(not _STATUS.exists(), reason="only Linux tells how much memory is resident now")
def test_scoring_does_not_grow_with_the_frames() -> None:
    """3,200 frames more leave what 640 took; with an array kept for every batch they took 360 MB more."""
    done = subprocess.run([sys.executable, "-c", _SCORING], check=True, capture_output=True, text=True)
    assert float(done.stdout) < 40
