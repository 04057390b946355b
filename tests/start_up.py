"""How long a command takes to answer, against Python itself on the same machine at the same time."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 5.0
"""Commands take two to three times as long as Python with an argument parser; torch and pandas make that twenty."""


def ratio(words: list[str], *, code: int) -> float:
    """The command's shortest time of five over Python's, measured in turns: a busy machine slows both."""
    taken: dict[str, list[float]] = {"python": [], "command": []}
    for _ in range(5):
        for name, each, ends in (("python", ["-c", "import argparse"], 0), ("command", words, code)):
            began = time.perf_counter()
            done = subprocess.run([sys.executable, *each], cwd=ROOT, capture_output=True, check=False)
            taken[name].append(time.perf_counter() - began)
            assert done.returncode == ends
    return min(taken["command"]) / min(taken["python"])
