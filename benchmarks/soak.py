"""A run that is killed (SIGKILL) again and again, and resumed until it is done, against one that is left alone.

    python benchmarks/soak.py                         # 200 clips, as many kills as it takes
    python benchmarks/soak.py --clips 20 --seed 3

The clips are made on the spot. Every session is the real command with `--resume`, with one or two jobs. One of four
dies while it starts, the others up to `--seconds` after they were given their first clip. The model copies and notes
every clip that it is given. A small stand-in of 64 features takes the place of Inception, so that FID and KID are
pooled over the suite without its weights.

Prints what came of it as a table in Markdown; exit code 1 if any table differs, or anything that had ended was redone.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch

from bench.media.video_writer import VideoWriter
from model.copy import Copy

ROOT = Path(__file__).resolve().parents[1]
NOTES = "SOAK_NOTES"
TABLES = ("clips.csv", "details.csv", "summary.csv", "frames.parquet", "table.md")
METRICS = ("l1", "psnr", "ssim", "fid", "kid")
_DIMENSIONS = 64
SETTINGS = ("original", "free-view:30,10,0")


class Noting(Copy):
    """A model that copies, and notes the clips that it is given."""

    def __init__(self, checkpoint=None, *, device="cpu"):
        super().__init__()
        from metrics import fid, kid
        from metrics.distribution import inception

        network = _StandIn()
        for module in (inception, fid, kid):
            module.network, module.DIMENSIONS = (lambda resources: network), _DIMENSIONS

    def describe(self):
        return {"soak": "copies"}

    def open(self, driving, settings):
        # One write of a whole line: several processes may append.
        with Path(os.environ[NOTES]).open("ab", buffering=0) as file:
            file.write(f"{driving.id}\n".encode())
        return Copy.open(self, driving, settings)


class _StandIn:
    """Some numbers of every frame, each frame for itself: quick, and the same bits whatever the batch."""

    def __init__(self):
        from bench.compute.cores import SideBySide

        generator = torch.Generator().manual_seed(5)
        self.matrix = torch.randn(48, _DIMENSIONS, generator=generator) / 7
        self.cores = SideBySide(1)

    def __call__(self, pixels):
        small = torch.nn.functional.adaptive_avg_pool2d(pixels.double() / 127.5 - 1, (4, 4)).flatten(1)
        return torch.stack([(row[:, None] * self.matrix).sum(0) for row in small]).relu().float()


@dataclass
class Tally:
    """What the sessions came to."""

    sessions: int = 0
    kills: int = 0
    before_first: int = 0
    redone: int = 0
    lost: int = 0
    most_lost: int = 0
    seconds: float = 0.0
    jobs: list = field(default_factory=list)


def film(path: Path, frames: int, size: int, seed: int) -> None:
    """Waves that drift, other ones for every seed."""
    random_ = torch.Generator().manual_seed(seed)
    speed, phase = torch.rand(2, generator=random_).tolist()
    rows = torch.arange(size) * (6.28 / size)
    with VideoWriter(path, size=(size, size), fps=25, codec="h264") as writer:
        for number in range(frames):
            wave = torch.sin(2 * rows + speed * number)[None, :] + torch.cos(3 * rows - phase * number)[:, None]
            writer.write(torch.stack([(wave * scale + 128).to(torch.uint8) for scale in (60, 50, 30)])[None])


def command(films: Path, out: Path, weights: Path, jobs: int) -> list[str]:
    return [
        sys.executable, str(ROOT / "benchmark.py"), "--videos", str(films), "--out", str(out), "--resume",
        "--jobs", str(jobs),
        "--model", "benchmarks.soak:Noting", "--metrics", *METRICS, "--settings", *SETTINGS, "--size", "64",
        "--weights", f"inception={weights}", "--no-cache", "--device", "cpu",
    ]  # fmt: skip


def ended(out: Path) -> int:
    """Clips whose part is whole."""
    return len(list((out / ".parts").glob("[!.]*.json")))


def begun(notes: Path) -> list[str]:
    return notes.read_text().split() if notes.exists() else []


def until_done(films, out, weights, notes, chance, needs, seconds):
    """Sessions that are killed, until one ends by itself; a session needs about `needs` seconds to its first clip."""
    tally = Tally()
    environment = {**os.environ, NOTES: str(notes), "PYTHONPATH": str(ROOT)}
    while True:
        jobs = chance.choice((1, 1, 2))
        tally.sessions += 1
        tally.jobs.append(jobs)
        parts, opened, began = ended(out), len(begun(notes)), time.monotonic()
        done = set(begun(notes)) - in_flight(out, notes)
        running = subprocess.Popen(
            command(films, out, weights, jobs),
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        dies = time.monotonic() + chance.uniform(0, needs) if chance.random() < 0.25 else None
        while running.poll() is None and (dies is None or time.monotonic() < dies):
            if dies is None and len(begun(notes)) > opened:
                dies = time.monotonic() + chance.uniform(0, seconds)
            time.sleep(0.01)
        killed = running.poll() is None
        if killed:
            running.send_signal(signal.SIGKILL)
        code = running.wait()
        time.sleep(1.0 if jobs > 1 and killed else 0.0)  # workers end with their parent, after their frame
        tally.seconds += time.monotonic() - began
        mine = begun(notes)[opened:]
        tally.redone += sum(clip in done for clip in mine)
        lost = len(mine) - (ended(out) - parts)
        tally.lost += lost
        tally.most_lost = max(tally.most_lost, lost)
        tally.kills += killed
        tally.before_first += killed and not mine
        print(
            f"session {tally.sessions}: {jobs} jobs, {time.monotonic() - began:.1f} s, {ended(out)} clips",
            file=sys.stderr,
        )
        if not killed:
            if code != 0:
                sys.exit(f"the command ended with {code}")
            return tally


def in_flight(out: Path, notes: Path) -> set[str]:
    """Clips that were begun and have no part."""
    from bench.results.clip_parts import Parts

    parts = Parts(out / ".parts")
    return {clip for clip in begun(notes) if not parts.has(clip)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        (folder / "films").mkdir()
        for number in range(options.clips):
            film(folder / "films" / f"clip{number:04d}.mp4", options.frames, 64, number)
        weights = folder / "inception.pth"
        weights.write_bytes(b"a stand-in")
        environment = {**os.environ, NOTES: str(folder / "alone.txt"), "PYTHONPATH": str(ROOT)}
        began = time.monotonic()
        running = subprocess.Popen(
            command(folder / "films", folder / "alone", weights, 1),
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        while not begun(folder / "alone.txt") and running.poll() is None:
            time.sleep(0.02)
        needs = time.monotonic() - began
        if running.wait() != 0:
            sys.exit(f"the command ended with {running.returncode}")
        alone = time.monotonic() - began
        tally = until_done(
            folder / "films", folder / "killed", weights, folder / "killed.txt",
            random.Random(options.seed), needs, options.seconds,
        )  # fmt: skip
        equal = {
            table: (folder / "alone" / table).read_bytes() == (folder / "killed" / table).read_bytes()
            for table in TABLES
        }
        videos = {path.relative_to(folder / "alone") for path in (folder / "alone").glob("videos/*/*")} == {
            path.relative_to(folder / "killed") for path in (folder / "killed").glob("videos/*/*")
        }
        left = [path for path in (folder / "killed").rglob(".*") if path.name != ".parts"]
        size = sum(path.stat().st_size for path in (folder / "killed" / ".parts").iterdir())
        lines = {
            "clips, frames each": f"{options.clips}, {options.frames}",
            "sessions, of which killed": f"{tally.sessions}, {tally.kills}",
            "with one job, with two": f"{tally.jobs.count(1)}, {tally.jobs.count(2)}",
            "killed before their first clip": tally.before_first,
            "clips in flight that were lost, in all and at most at once": f"{tally.lost}, {tally.most_lost}",
            "clips redone that had ended": tally.redone,
            "tables equal, byte for byte": ", ".join(table for table, same in equal.items() if same),
            "tables that differ": ", ".join(table for table, same in equal.items() if not same) or "none",
            "the same videos are there": "yes" if videos else "no",
            "unfinished files left": len(left),
            "parts, kB a clip": round(size / options.clips / 1000),
            "seconds, alone and in all sessions": f"{alone:.0f}, {tally.seconds:.0f}",
        }
        print("| | |\n| --- | --- |")
        for what, value in lines.items():
            print(f"| {what} | {value} |")
        return 0 if all(equal.values()) and videos and not left and tally.redone == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
