"""Hostile inputs for every reader, made of valid ones: does each read it, or refuse it in one sentence?

python -m benchmarks.fuzz --cases 1000                      # of every reader
python -m benchmarks.fuzz --reader "suite file" --seed 7 --cases 50000
python -m benchmarks.fuzz --reader pictures --seed 7 --first 1234 --cases 1 --keep FOLDER    # one case again

A find is any other exception, a hang, the death of the process, memory beyond a bound, a file written outside, a
program or connection started, code of the input that ran, or a sentence that is none. The exit code is 1 if there were
finds. A case follows from seed, reader and number alone.
"""

import argparse
import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.fuzz.reader import Reader
from benchmarks.fuzz.table import READERS
from benchmarks.fuzz.worker import Tally, run_reader


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reader", nargs="+", metavar="NAME", help="these, or part of their names (default: all)")
    parser.add_argument("--cases", type=int, default=1000, metavar="N", help="cases of a reader, times its share")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first case")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes, a part of the cases each")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the first input of every find there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table as JSON, too")
    options = parser.parse_args()
    chosen = [reader for reader in READERS if not options.reader or any(name in reader.name for name in options.reader)]
    print(f"seed {options.seed}, {options.cases} cases times a reader's share, from number {options.first}\n")
    print(
        "| reader | cases | read | refused | finds | cases/s |\n| --- | ---: | ---: | ---: | ---: | ---: |", flush=True
    )
    tallies = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        for reader in chosen:
            tally = _whole(reader, options, Path(scratch))
            tallies.append(tally)
            _line(tally.reader, tally)
            for sign, (count, first, told) in tally.finds.items():
                print(f"    {count} × {sign}  (first: case {first})\n{_indented(told)}", file=sys.stderr, flush=True)
    total = Tally("all")
    for tally in tallies:
        total.merge(tally)
    _line("all", total)
    if options.json is not None:
        rows = [{"reader": t.reader, "seconds": t.seconds, **t.counts, "finds": t.finds} for t in tallies]
        options.json.write_text(json.dumps(rows))
    return 1 if total.counts["find"] else 0


def _whole(reader: Reader, options: argparse.Namespace, scratch: Path) -> Tally:
    """All cases of a reader, in as many processes as were asked for."""
    count = max(1, round(options.cases * reader.share)) if options.cases > 1 else 1

    def work(job: int) -> Tally:
        place = scratch / str(job)
        place.mkdir(exist_ok=True)
        numbers = range(options.first + job, options.first + count, options.jobs)
        return run_reader(reader, options.seed, numbers, place, keep=options.keep)

    tally = Tally(reader.name)
    began = time.monotonic()
    with ThreadPoolExecutor(options.jobs) as pool:
        for part in pool.map(work, range(options.jobs)):
            tally.merge(part)
    tally.seconds = time.monotonic() - began
    return tally


def _line(name: str, tally: Tally) -> None:
    counts = tally.counts
    rate = counts.total() / max(tally.seconds, 1e-9)
    print(
        f"| {name} | {counts.total()} | {counts['read']} | {counts['refused']} | {counts['find']} | {rate:.0f} |",
        flush=True,
    )


def _indented(text: str) -> str:
    return "\n".join(f"        {line[:300]}" for line in text.splitlines()[-14:])


if __name__ == "__main__":
    sys.exit(main())
