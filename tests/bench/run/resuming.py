"""What the tests of resuming have in common: small films, a model that counts its work, and a run's whole outcome."""

import os
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rich.console import Console

from bench.report.brief import write_brief
from bench.run import suite_run
from bench.run.plan import ModelPlan, Plan
from bench.settings import Setting
from bench.suites.from_paths import of_videos
from model.copy import Copy
from model.interface import SettingReport
from model.origin import ModelOrigin
from tests.metrics import stub

ORIGINAL, VIEW = Setting(), Setting.parse("free-view:30,10,0")
TABLES = ("clips.csv", "details.csv", "summary.csv", "frames.parquet", "table.md")


@dataclass(frozen=True, slots=True)
class Counting(Copy):
    """Copies, measures a yaw, and notes which clip it was given under which settings."""

    said: str = "first"
    seen: list = field(default_factory=list)

    def describe(self):
        return {"checkpoint": self.said}

    def open(self, driving, settings):
        self.seen.append((driving.id, *map(str, settings)))
        return _Session(Copy.open(self, driving, settings), settings)


@dataclass(slots=True)
class _Session:
    copying: object
    settings: tuple
    frames: int = 0

    def step(self, driving):
        self.frames += len(driving)
        return self.copying.step(driving)

    def close(self):
        yaw = [float(number) for number in range(self.frames)]
        return {setting: SettingReport({"model_yaw": yaw}) for setting in self.settings}


class Waiting(Copy):
    """Copies, and notes which clip it was given; in the second it waits as long as there is a file `wait`."""

    def __init__(self, checkpoint=None, *, device="cpu"):
        super().__init__()

    def open(self, driving, settings):
        notes = Path(os.environ["WAITING"])
        (notes / f"{driving.id}-{os.getpid()}").touch()
        while driving.id == "clip1" and (notes / "wait").exists():
            time.sleep(0.05)
        return Copy.open(self, driving, settings)


@dataclass(frozen=True, slots=True)
class CountingPlan(ModelPlan):
    """A plan of the model that counts."""

    model: Counting = field(default_factory=Counting)

    def load(self, device):
        return ModelOrigin(self.model)


@dataclass(frozen=True, slots=True)
class StubPlan(Plan):
    """A plan with a stand-in for Inception, so that runs have suite-wide values."""

    def resources(self):
        return stub.resources()


def plan(out, **fields):
    defaults = {"model": CountingPlan("copy"), "settings": (ORIGINAL,), "metrics": ("l1", "fid"), "size": (64, 64)}
    return StubPlan(out=out, **{"codec": None, **defaults, **fields})


def quiet():
    return Console(quiet=True)


run = partial(suite_run.run, at_end=write_brief)


def run_of(films: Path, chosen, **options):
    """Run the clips of a folder, or of a list of files."""
    paths = [films] if isinstance(films, Path) else films
    return run(of_videos(list(map(str, paths))), chosen, console=options.pop("console", quiet()), **options)


def tables(folder):
    """Every table of a run folder, byte by byte."""
    return {name: (folder / name).read_bytes() for name in TABLES}
