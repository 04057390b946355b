"""Peak memory of a run against the length and size of its clip, as a table in Markdown; films are made on the spot.

python benchmarks/memory.py                    # 64x64, 1,000, 10,000 and 40,000 frames; 600 frames of 1080p and 4K
python benchmarks/memory.py --size 256 --lengths 1000 4000 --metrics l1 psnr ssim niqe --large 0

Every clip is run in one process and in two, with its videos written and without. With two jobs the peak is that of the
larger process. The last column is the peak against that of the shortest clip, or of a tenth of the large one.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import torch
from torch import Tensor

from bench.media.video_writer import VideoWriter

ROOT = Path(__file__).resolve().parents[1]
LARGE = ((1080, 1920), (2160, 3840))
BATCH = 20
HEAD = (
    "| frames | size | jobs | videos | peak, MB | wall, s | against the shortest |\n"
    "| ---: | --- | ---: | --- | ---: | ---: | ---: |"
)

# A small process of its own waits for the run, so that ru_maxrss of its children is this run's alone.
WATCHER = """
import resource, subprocess, sys, time
began = time.monotonic()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, time.monotonic() - began)
"""


@dataclass(frozen=True, slots=True)
class Manner:
    """How the clips are run."""

    model: str
    metrics: tuple[str, ...]
    jobs: int
    codec: str


def drifting(frames: int, size: tuple[int, int]) -> Iterator[Tensor]:
    """(T, 3, *size) uint8 at a time: waves that drift, cheap to make and small as a file."""
    rows, columns = (torch.arange(side, dtype=torch.float32) * (6.28 / side) for side in size)
    for start in range(0, frames, BATCH):
        phase = torch.arange(start, min(start + BATCH, frames), dtype=torch.float32)[:, None] * 0.05
        across, down = torch.sin(2 * columns + phase), torch.cos(3 * rows - phase)
        wave = across[:, None, :] + down[:, :, None]
        yield torch.stack([(wave * scale + 128).to(torch.uint8) for scale in (60.0, 50.0, 30.0)], dim=1)


def film(path: Path, frames: int, size: tuple[int, int]) -> Path:
    """Write a silent film of so many frames."""
    with VideoWriter(path, size=size, fps=25.0, codec="h264", crf=32) as writer:
        for pixels in drifting(frames, size):
            writer.write(pixels)
    return path


def peak(video: Path, out: Path, manner: Manner, scored: int) -> tuple[float, float]:
    """Peak resident megabytes and seconds of one run in a process of its own."""
    command = [sys.executable, str(ROOT / "benchmark.py"), "--videos", str(video), "--settings", "original"]
    command += ["--model", manner.model, "--metrics", *manner.metrics, "--jobs", str(manner.jobs), "--no-cache"]
    command += ["--video-codec", manner.codec, "--size", str(scored), "--device", "cpu", "--out", str(out)]
    done = subprocess.run([sys.executable, "-c", WATCHER, *command], check=True, capture_output=True, text=True)
    kilobytes, seconds = done.stdout.split()
    return int(kilobytes) / 1024, float(seconds)


def table(clips: dict[int, Path], size: str, options: argparse.Namespace, folder: Path, scored: int) -> None:
    """Print the lines of clips that differ in length only."""
    for jobs, codec in product(options.jobs, options.codecs):
        manner = Manner(options.model, tuple(options.metrics), jobs, codec)
        shortest = 0.0
        for frames, video in clips.items():
            with tempfile.TemporaryDirectory(dir=folder) as out:
                megabytes, seconds = peak(video, Path(out) / "run", manner, scored)
            shortest = shortest or megabytes
            against = f"{megabytes / shortest:.2f}"
            print(
                f"| {frames:,} | {size} | {jobs} | {codec} | {megabytes:,.0f} | {seconds:.0f} | {against} |", flush=True
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--lengths", nargs="+", type=int, default=[1000, 10_000, 40_000])
    parser.add_argument("--large", type=int, default=600, help="frames of 1080p and 4K (0: none)")
    parser.add_argument("--model", default="copy")
    parser.add_argument("--metrics", nargs="+", default=["l1", "psnr"])
    parser.add_argument("--jobs", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--codecs", nargs="+", default=["none", "h264"])
    options = parser.parse_args()
    print(HEAD)
    with tempfile.TemporaryDirectory(prefix="talking-head-") as name:
        folder = Path(name)
        size = (options.size, options.size)
        clips = {frames: film(folder / f"{frames}.mp4", frames, size) for frames in sorted(options.lengths)}
        table(clips, f"{options.size}×{options.size}", options, folder, options.size)
        for height, width in LARGE if options.large else ():
            lengths = (options.large // 10, options.large)
            clips = {frames: film(folder / f"{height}-{frames}.mp4", frames, (height, width)) for frames in lengths}
            table(clips, f"{width}×{height}", options, folder, 256)


if __name__ == "__main__":
    main()
