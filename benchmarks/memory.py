"""Peak memory of a run against the length of its clip: 300 and 3,000 frames of 256x256, made by looping one clip.

python benchmarks/memory.py [CLIP]
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from bench.media._soundtrack import AudioSource
from bench.media.audio_reader import read_audio
from bench.media.video_reader import VideoReader
from bench.media.video_writer import VideoWriter

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "bench" / "suites" / "demo" / "ada_01.mp4"


def loop(clip: Path, frames: int, out: Path) -> Path:
    """The clip over and over, forth and back, until it has so many frames."""
    with VideoReader(clip, size=(256, 256)) as reader:
        once = torch.cat([batch.pixels for batch in reader])
    there_and_back = torch.cat([once, once.flip(0)])
    audio = AudioSource(clip) if read_audio(clip) is not None else None
    with VideoWriter(out, size=(256, 256), fps=25.0, codec="h264", audio=audio) as writer:
        for start in range(0, frames, 16):
            wanted = torch.arange(start, min(start + 16, frames)) % len(there_and_back)
            writer.write(there_and_back[wanted])
    return out


def peak(video: Path, out: Path, metrics: list[str]) -> float:
    """Peak resident megabytes of one run in a process of its own."""
    # A small process of its own waits for the run, so that ru_maxrss of its children is this run's alone.
    watcher = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [sys.executable, str(ROOT / "benchmark.py"), "--videos", str(video), "--model", "static", "--no-cache"]
    command += ["--settings", "original", "--metrics", *metrics, "--out", str(out), "--device", "cpu"]
    done = subprocess.run([sys.executable, "-c", watcher, *command], check=True, capture_output=True, text=True)
    return int(done.stdout) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", nargs="?", type=Path, default=DEMO)
    parser.add_argument("--metrics", nargs="+", default=["l1", "psnr", "ssim", "ms_ssim"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="talking-head-") as name:
        folder = Path(name)
        peaks = {}
        for frames in (300, 3000):
            video = loop(options.clip, frames, folder / f"{frames}.mp4")
            peaks[frames] = peak(video, folder / f"run{frames}", options.metrics)
            print(f"{frames:5d} frames: peak {peaks[frames]:7.1f} MB")
    print(f"3,000 frames against 300: {peaks[3000] / peaks[300] - 1:+.1%}")


if __name__ == "__main__":
    main()
