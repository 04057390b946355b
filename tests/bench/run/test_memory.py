"""The peak of a run does not grow with the length of its clip."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.films import portrait_frames, write_film

ROOT = Path(__file__).resolve().parents[3]

# A small process of its own waits for the run, so that ru_maxrss of its children is this run's alone.
_WATCHER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


def _peak(folder: Path, count: int) -> float:
    film = write_film(folder / f"{count}.mp4", portrait_frames(count))
    command = [sys.executable, str(ROOT / "benchmark.py"), "--videos", str(film), "--out", str(folder / str(count))]
    command += ["--model", "copy", "--metrics", "l1", "psnr", "--size", "64", "--device", "cpu"]
    command += ["--settings", "original", "--no-cache", "--video-codec", "none"]
    done = subprocess.run([sys.executable, "-c", _WATCHER, *command], check=True, capture_output=True, text=True)
    return float(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss is in other units elsewhere")
def test_a_long_clip_takes_the_memory_of_a_short_one(tmp_path: Path) -> None:
    """4,000 frames beside 200; with an array kept for every batch they took 500 MB more."""
    assert _peak(tmp_path, 4000) < _peak(tmp_path, 200) + 150
