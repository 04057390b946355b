"""Runs of many clips and on many workers: seconds and memory a clip, as tables in Markdown; films are made on the spot.

    python benchmarks/scale.py clips                    # 10, 100, 1,000 and 5,000 clips of 8 frames, one after another
    python benchmarks/scale.py workers                  # one and two workers: --jobs, and Ray on this machine
    python benchmarks/scale.py cache --weights inception=FILE      # a second model behind one that filled the cache

`clips`: the time of a clip is how much longer a run takes than the shortest one, by clip; `beyond` is that without the
busy seconds of decoding, model and metrics; `tables` is what follows the last clip. The films of a run are copies of
ten files. `workers`: the rate is that of the second half of a run, so that starting up does not count; every worker has
one core. `--cpu` tells processor seconds in the place of wall time, for machines that are not idle.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from memory import film

ROOT = Path(__file__).resolve().parents[1]
STAGES = ("decode", "model", "score", "encode")

# A small process of its own waits for the run, so that what its children have used is this run's alone.
WATCHER = """
import resource, subprocess, sys, time
began = time.monotonic()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run took: seconds of wall and of processors, megabytes of its largest process, busy seconds by stage."""

    wall: float
    cpu: float
    peak: float
    busy: float
    session: float
    """Seconds until the last clip had ended."""


def run(films: list[Path], folder: Path, words: list[str], **environment: str) -> Taken:
    """One run in a process of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        out = Path(name) / "run"
        command = [sys.executable, str(ROOT / "benchmark.py"), "--videos", *map(str, films), "--out", str(out)]
        command += ["--video-codec", "none", "--device", "cpu", *words]
        done = subprocess.run(
            [sys.executable, "-c", WATCHER, *command],
            check=True, capture_output=True, text=True, env={**os.environ, **environment},
        )  # fmt: skip
        wall, cpu, kilobytes = map(float, done.stdout.split())
        record = json.loads((out / "run.json").read_text())
        busy = sum(clip["seconds"].get(stage, 0.0) for clip in record["clips"] for stage in STAGES)
        return Taken(wall, cpu, kilobytes / 1024, busy, record["seconds"])


def named(count: int, frames: int, size: int, folder: Path) -> list[Path]:
    """Folders with so many films in all, copies of ten files."""
    originals = [folder / f"original-{number}.mp4" for number in range(10)]
    for number, path in enumerate(originals):
        if not path.exists():
            film(path, frames + number % 2, (size, size))
    films = folder / f"films-{count}"
    if not films.exists():
        films.mkdir()
        for number in range(count):
            shutil.copy(originals[number % 10], films / f"clip{number:05d}.mp4")
    return [films]


def clips(options: argparse.Namespace, folder: Path) -> None:
    words = ["--model", "copy", "--metrics", *options.metrics, "--size", str(options.size), "--no-cache"]
    head = "CPU ms" if options.cpu else "ms"
    print(f"| clips | {head} a clip | of it beyond decoding, model and metrics | tables, ms a clip | peak, MB |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    base: Taken | None = None
    for count in sorted(options.counts):
        taken = run(named(count, options.frames, options.size, folder), folder, words)
        if base is None:
            base, least = taken, count
            print(
                f"| {count:,} | ({1000 * taken.wall / count:,.0f} with starting up) | | | {taken.peak:,.0f} |",
                flush=True,
            )
            continue
        more = 1000 / (count - least)
        whole = (taken.cpu - base.cpu if options.cpu else taken.wall - base.wall) * more
        beyond = "" if options.cpu else f"{whole - (taken.busy - base.busy) * more:.1f}"
        tables = "" if options.cpu else f"{(taken.wall - taken.session - base.wall + base.session) * more:.1f}"
        print(f"| {count:,} | {whole:.1f} | {beyond} | {tables} | {taken.peak:,.0f} |", flush=True)


def workers(options: argparse.Namespace, folder: Path) -> None:
    words = ["--model", "copy", "--metrics", *options.metrics, "--size", str(options.size), "--no-cache"]
    half, whole = (named(count, options.frames, options.size, folder) for count in (options.count, 2 * options.count))
    print("| workers | clips a second | against one | efficiency |")
    print("| --- | ---: | ---: | ---: |")
    for engine, chosen in (("--jobs", []), ("Ray, --jobs", ["--engine", "ray"])):
        single = 0.0
        for jobs in options.jobs:
            # One process has one core too: what is compared is the number of workers.
            asked = [*words, *chosen, "--jobs", str(jobs)]
            seconds = [run(films, folder, asked, OMP_NUM_THREADS=str(jobs)).wall for films in (half, whole)]
            rate = options.count / (seconds[1] - seconds[0])
            single = single or rate
            efficiency = rate / single * options.jobs[0] / jobs
            print(f"| {engine} {jobs} | {rate:.2f} | {rate / single:.2f} | {efficiency:.0%} |", flush=True)


def cache(options: argparse.Namespace, folder: Path) -> None:
    films = named(options.count, options.frames, options.size, folder)
    words = ["--metrics", *options.metrics, "--size", str(options.size)]
    words += ["--weights", *options.weights] if options.weights else []
    kept = {"XDG_CACHE_HOME": str(folder / "cache")}
    print("| run | s | against the second model alone |")
    print("| --- | ---: | ---: |")
    found: dict[str, float] = {}
    for said, model, environment in (
        ("second model, alone", "copy", {"XDG_CACHE_HOME": str(folder / "other")}),
        ("first model, which fills the cache", "static", kept),
        ("second model, with the first one's features", "copy", kept),
    ):
        taken = run(films, folder, [*words, "--model", model], **environment)
        found[said] = taken.cpu if options.cpu else taken.wall
        print(f"| {said} | {found[said]:.1f} | {found[said] / next(iter(found.values())):.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("clips", "workers", "cache"))
    parser.add_argument("--counts", nargs="+", type=int, default=[10, 100, 1000, 5000], help="clips: of `clips`")
    parser.add_argument("--count", type=int, default=40, help="clips: of the first half of `workers`, or of `cache`")
    parser.add_argument("--jobs", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--frames", type=int, help="of a clip (default: 8, and 100 of `workers` and `cache`)")
    parser.add_argument("--size", type=int, help="of a picture (default: 64, and 256 of `workers` and `cache`)")
    parser.add_argument("--metrics", nargs="+", help="default: l1 psnr; ssim niqe of `workers`, fid of `cache`")
    parser.add_argument("--weights", nargs="+", default=[], metavar="NAME=FILE")
    parser.add_argument("--cpu", action="store_true", help="processor seconds, where the machine is not idle")
    options = parser.parse_args()
    small = options.what == "clips"
    options.frames, options.size = options.frames or (8 if small else 100), options.size or (64 if small else 256)
    default = {"clips": ["l1", "psnr"], "workers": ["ssim", "niqe"], "cache": ["fid"]}[options.what]
    options.metrics = options.metrics or default
    with tempfile.TemporaryDirectory(prefix="talking-head-") as name:
        {"clips": clips, "workers": workers, "cache": cache}[options.what](options, Path(name))


if __name__ == "__main__":
    main()
