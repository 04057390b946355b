"""`python -m bench.portraits build | stream | sheet`."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

from bench.commands.parser import Parser
from bench.errors import BenchError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0, or 2 after one sentence about a mistake."""
    parser = Parser(prog="python -m bench.portraits", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="build the suite 'demo', media and truth")
    build.add_argument("--out", type=Path, help="folder for demo.toml and demo/ (default: the shipped bench/suites)")
    build.add_argument(
        "--check", action="store_true", help="write nothing; compare a fresh build with the suite in --out"
    )
    stream = commands.add_parser("stream", help="write clips of random people with their truth")
    stream.add_argument("--out", type=Path, required=True, help="folder for the clips")
    stream.add_argument("--count", type=int, default=10, help="how many clips (default: 10; 0 goes on for ever)")
    stream.add_argument("--frames", type=int, default=75, help="frames a clip (default: 75)")
    stream.add_argument("--seed", type=int, default=0, help="what the stream is drawn from (default: 0)")
    stream.add_argument("--workers", type=int, default=2, help="processes that share the work (default: 2)")
    sheet = commands.add_parser("sheet", help="paint the contact sheet: people × poses × phonemes")
    sheet.add_argument("--out", type=Path, required=True, help="the PNG or JPEG file")
    try:
        options = parser.parse_args(arguments)
        if options.command == "build":
            _build(options.out, check=options.check)
        elif options.command == "stream":
            _stream(options.out, options.count, options.frames, options.seed, options.workers)
        else:
            from bench.portraits.sheet import paint

            paint().save(options.out)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _build(out: Path | None, *, check: bool) -> None:
    from bench.portraits import suite

    place = out or suite.SUITES
    (suite.check if check else suite.build)(place, print)


def _stream(out: Path, count: int, frames: int, seed: int, workers: int) -> None:
    from concurrent.futures import ProcessPoolExecutor
    from itertools import count as numbers
    from multiprocessing import get_context

    out.mkdir(parents=True, exist_ok=True)
    begin = time.perf_counter()
    with ProcessPoolExecutor(max(1, workers), mp_context=get_context("spawn")) as pool:
        waiting: deque[Future[str]] = deque()
        done = 0
        for number in numbers():
            while waiting and (len(waiting) >= 2 * workers or (count and number >= count)):
                stem = waiting.popleft().result()
                done += 1
                print(f"{stem}: {frames} frames, {done * frames / (time.perf_counter() - begin):.1f} frames/s so far")
            if count and number >= count:
                return
            waiting.append(pool.submit(_stream_one, out, number, frames, seed))


def _stream_one(out: Path, number: int, frames: int, seed: int) -> str:
    """Write one clip of the stream; its name without ending."""
    from bench.portraits import media, stream

    made = stream.one(seed, number, frames=frames)
    stem = f"{seed}_{number:06d}"
    media.write_clip(out / f"{stem}.mp4", made.pixels, 25, made.samples, made.rate)
    made.truth.write(out / f"{stem}.truth.npz")
    return stem


if __name__ == "__main__":
    sys.exit(main())
