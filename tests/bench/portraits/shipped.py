"""What the shipped suite holds."""

from pathlib import Path

import bench

SUITE = Path(bench.__file__).parent / "suites" / "demo"
TAKES = ("ada_01", "ada_02", "ben_01", "chidi_01", "chidi_02", "mei_01")
TALKING = tuple(name for name in TAKES if name != "chidi_02")
