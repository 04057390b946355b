"""What a run costs beside decoding and metrics, by the number of its clips: processor time a clip, and memory.

    python benchmarks/many_clips.py                       # 10, 100, 1,000 and 5,000 clips
    python benchmarks/many_clips.py --clips 10 100 --frames 64

An engine of made-up results takes the place of the clips: four rows, ten metrics, every frame's values, and what FID
pools (64 numbers a frame instead of 2048; the time of merging them is the metric's, and left out). All else is a run's
own: a part for every clip, tables joined, table.md. Then the run is resumed with nothing to do. Every run is in a
process of its own; the table is Markdown.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console

from bench.clips import Clip
from bench.outcome import Outcome
from bench.report.brief import write_brief
from bench.results.clip_result import ClipResult
from bench.results.manifest import ClipRecord
from bench.run import run_store, suite_run
from bench.run.engines import choice
from bench.run.plan import ModelPlan, Plan
from bench.run.suite_pools import SuitePools
from bench.settings import Setting
from bench.suites.suite import Suite
from metrics.distribution.moments import Moments
from metrics.fid import FIDPool

PIXEL = ("psnr", "ssim", "ms_ssim", "l1", "lpips", "niqe", "lse_c", "lse_d", "csim")
DIMENSIONS = 64
SETTINGS = (Setting(), Setting.parse("free-view:30,10,0"))
HEAD = (
    "| clips | kept, CPU ms a clip | joined, CPU ms a clip | resumed, CPU ms a clip | peak, MB | "
    "grown in the join, MB | parts, kB a clip |\n"
    "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


class MadeUp:
    """An engine whose clips end at once."""

    description = {"made": "up"}

    def __init__(self, frames):
        self.frames = frames

    def run(self, tasks, on_frames):
        for place, task in tasks.items():
            yield place, self._result(task, np.random.default_rng(place))

    def _result(self, task, random):
        outcomes, pools = {}, {}
        reference = self._moments(random)
        for row in task.units:
            values = {metric: Outcome.of_frames(random.normal(20, 3, self.frames)) for metric in PIXEL}
            pools[row] = {"fid": FIDPool(self._moments(random), reference)}
            outcomes[row] = {**values, "fid": Outcome("value", random.random(), n=self.frames)}
        record = ClipRecord(id=task.clip.id, path=str(task.clip.path), status="done", frames=self.frames, fps=25.0)
        return ClipResult(record, outcomes, np.arange(self.frames) / 25, pools=pools)

    def _moments(self, random):
        moments = Moments(DIMENSIONS)
        moments.add(random.random((self.frames, DIMENSIONS), np.float32))
        return moments


def peak() -> int:
    """MB that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measure(clips: int, frames: int) -> str:
    engine = MadeUp(frames)
    choice.begin = lambda plan, *, jobs: engine
    spent = dict.fromkeys(("keep", "lose", "finish", "_merge"), 0.0)
    grown = [0]

    def timed(kind, name):
        honest = getattr(kind, name)

        def method(self, *args, **options):
            began, before = time.process_time(), peak()
            try:
                return honest(self, *args, **options)
            finally:
                spent[name] += time.process_time() - began
                if name == "finish":
                    grown[0] = max(grown[0], peak() - before)

        setattr(kind, name, method)

    timed(run_store.RunStore, "keep")
    timed(run_store.RunStore, "lose")
    timed(run_store.RunStore, "finish")
    timed(SuitePools, "_merge")
    with tempfile.TemporaryDirectory(prefix="clips-") as name:
        chosen = tuple(
            Clip(f"id{place % 97:03d}/clip{place:06d}", Path(f"{place}.mp4"), f"p{place % 97}")
            for place in range(clips)
        )
        suite = Suite(id="made-up", version=1, title="", clips=chosen, listed=clips)
        plan = Plan(Path(name) / "run", ModelPlan("copy"), SETTINGS, ("fid", *PIXEL), codec=None, download=False)

        def run(**options):
            began = time.process_time()
            suite_run.run(suite, plan, console=Console(quiet=True), at_end=write_brief, **options)
            return time.process_time() - began

        run()
        kept, joined = (
            spent["keep"] - spent["_merge"],
            spent["lose"] + spent["finish"],
        )  # no clip waits for another here
        before = spent["_merge"]
        resumed = run(resume=True) - (spent["_merge"] - before)
        size = sum(path.stat().st_size for path in (plan.out / ".parts").iterdir())
    figures = (f"{1000 * seconds / clips:.1f}" for seconds in (kept, joined, resumed))
    return " | ".join((f"| {clips:,}", *figures, f"{peak()}", f"{grown[0]}", f"{size / clips / 1000:.0f} |"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, nargs="+", default=[10, 100, 1000, 5000])
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--here", action="store_true", help="measure in this process")
    options = parser.parse_args()
    if options.here:
        print(measure(options.clips[0], options.frames))
        return
    print(HEAD)
    for clips in options.clips:
        words = [sys.executable, __file__, "--here", "--clips", str(clips), "--frames", str(options.frames)]
        print(subprocess.run(words, check=True, capture_output=True, text=True).stdout, end="", flush=True)


if __name__ == "__main__":
    main()
