"""What reading costs: peak memory for a short and a long clip, and the time of a resize against scikit-image's.

    python benchmarks/decode.py CLIP [CLIP …]

Each clip is looped to 300 and to 3,000 frames of 256×256 (a lossy copy in a temporary folder), read in a process of
its own, and the peak resident memory of both is printed.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from skimage.transform import resize as skimage_resize

from bench.media.resize import resize
from bench.media.video_reader import VideoReader
from bench.media.video_writer import VideoWriter

# Not getrusage: its peak begins with the parent's.
READ = """
import re, sys
from pathlib import Path
from bench.media.video_reader import VideoReader
with VideoReader(sys.argv[1], size=(256, 256)) as reader:
    count = sum(len(batch) for batch in reader)
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
print(count, int(peak[1]) / 1024)
"""


def looped(clip: Path, count: int, path: Path) -> None:
    with VideoReader(clip, size=(256, 256)) as reader, VideoWriter(path, size=(256, 256)) as writer:
        left = count
        for batch in itertools.chain.from_iterable(itertools.repeat(reader)):
            writer.write(batch.pixels[:left])
            left -= min(left, len(batch))
            if not left:
                return


def peak(path: Path) -> tuple[int, float]:
    """Frames read, and the peak resident memory in MB."""
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    frames, megabytes = done.stdout.split()
    return int(frames), float(megabytes)


def resize_seconds(frames: torch.Tensor) -> tuple[float, float]:
    """Seconds a frame: ours, scikit-image's."""
    resize(frames[:1], (256, 256))  # the matrices are made once
    begun = time.perf_counter()
    resize(frames, (256, 256))
    ours = (time.perf_counter() - begun) / len(frames)
    begun = time.perf_counter()
    for frame in frames[:4]:
        skimage_resize(frame.permute(1, 2, 0).numpy(), (256, 256))
    return ours, (time.perf_counter() - begun) / len(frames[:4])


def main(clips: list[Path]) -> None:
    for clip in clips:
        with tempfile.TemporaryDirectory() as folder:
            for count in (300, 3000):
                path = Path(folder) / f"{count}.mp4"
                looped(clip, count, path)
                frames, megabytes = peak(path)
                print(f"{clip.name}: {frames} frames read with a peak of {megabytes:.0f} MB")
        with VideoReader(clip) as reader:
            frames = next(iter(reader)).pixels
        ours, theirs = resize_seconds(frames)
        size = f"{frames.shape[3]}x{frames.shape[2]}"
        ratio = f"{theirs * 1e3:.1f} ms ({theirs / ours:.0f} times as fast)"
        print(f"{clip.name}: {size} to 256x256 in {ours * 1e3:.1f} ms, scikit-image {ratio}")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
