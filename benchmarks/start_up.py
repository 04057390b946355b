"""Seconds until the command line answers: `python benchmarks/start_up.py`. Promised is under half a second."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = (
    ["benchmark.py", "--help"],
    ["benchmark.py", "--videoz"],
    ["benchmark.py", "weights", "--bogus"],
    ["benchmark.py", "convert", "--bogus"],
    ["report.py", "--help"],
    ["report.py", "--formt"],
)


def seconds(words: list[str]) -> float:
    """The shortest of ten."""
    taken = []
    for _ in range(10):
        began = time.perf_counter()
        subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, check=False)
        taken.append(time.perf_counter() - began)
    return min(taken)


if __name__ == "__main__":
    for words in (["-c", "import argparse"], *COMMANDS):
        print(f"{seconds(words):6.3f} s  python {' '.join(words)}")
