"""How many 256 × 256 frames a second the endless stream of portraits renders, new people included."""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from bench.portraits import stream


def rendered(number: int, frames: int) -> tuple[int, float]:
    """Frames of one clip and the processor seconds they took."""
    begin = time.process_time()
    clip = stream.one(0, number, frames=frames)
    return len(clip.pixels), time.process_time() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--frames", type=int, default=75)
    options = parser.parse_args()
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(rendered, range(options.workers), [2] * options.workers))  # compiles
        begin = time.perf_counter()
        people = stream.CLIPS_OF_A_PERSON
        results = list(pool.map(rendered, range(options.clips), [options.frames] * options.clips, chunksize=people))
        wall = time.perf_counter() - begin
    frames, seconds = sum(r[0] for r in results), sum(r[1] for r in results)
    print(f"{frames} frames in {options.clips} clips, {options.workers} processes, load {os.getloadavg()[0]:.1f}")
    print(f"{frames / wall:.1f} frames/s; {1000 * seconds / frames:.0f} ms of one core a frame, so at most "
          f"{options.workers * frames / seconds:.1f} frames/s on {options.workers} idle cores")  # fmt: skip


if __name__ == "__main__":
    main()
