"""A process that reads hostile inputs, and the one that watches it: for hangs, for its death, for time."""

import contextlib
import logging
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.fuzz.judge import Result, Watch, judge
from benchmarks.fuzz.reader import Reader
from benchmarks.fuzz.table import READERS

SPACE = 6 << 30
"""Bytes of addresses that a worker may have beside those that it begins with: what asks for more is refused."""
COUNTED = ("read", "refused")


@dataclass(slots=True)
class Tally:
    """What became of a reader's cases; `finds` has, by sign, how often and the first case with what was told."""

    reader: str
    counts: Counter[str] = field(default_factory=Counter)
    finds: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, number: int, find: Result) -> None:
        """Write a find down."""
        self.counts["find"] += 1
        count, first, told = self.finds.get(find.sign, (0, number, find.told))
        self.finds[find.sign] = (count + 1, first, told)

    def merge(self, other: "Tally") -> None:
        """Count what another process has counted."""
        self.counts += other.counts
        self.seconds += other.seconds
        for sign, (count, first, told) in other.finds.items():
            known = self.finds.get(sign, (0, first, told))
            self.finds[sign] = (known[0] + count, *known[1:])


def seeded(seed: int, reader: str, number: int) -> Random:
    """The generator of one case, which is the same wherever and in whatever order cases run."""
    return Random(f"{seed} {reader} {number}")


def run_reader(reader: Reader, seed: int, numbers: range, scratch: Path, *, keep: Path | None = None) -> Tally:
    """Run cases in a process of their own, which is started anew where it hangs or dies."""
    tally = Tally(reader.name)
    began = time.monotonic()
    numbers_left = numbers
    while len(numbers_left):
        numbers_left = _run_some(reader, seed, numbers_left, scratch, tally, keep)
    tally.seconds = time.monotonic() - began
    return tally


def _run_some(reader: Reader, seed: int, numbers: range, scratch: Path, tally: Tally, keep: Path | None) -> range:
    """Run cases until all are done or the process is lost; returns those that are left."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    current = context.Value("q", -1, lock=False)
    counts = context.Array("q", len(COUNTED), lock=False)
    worker = context.Process(
        target=_work, args=(reader.name, seed, numbers, scratch, theirs, current, counts, keep), daemon=True
    )
    worker.start()
    theirs.close()
    last, since = -1, time.monotonic()
    limit = reader.seconds
    with contextlib.suppress(EOFError), ours:
        while True:
            while ours.poll(1.0):
                tally.add(*ours.recv())
            if current.value != last:
                last, since = current.value, time.monotonic()
            elif time.monotonic() - since > (limit if last >= 0 else 300):
                worker.kill()
                worker.join()
                break
    worker.join()
    tally.counts.update(dict(zip(COUNTED, counts, strict=True)))
    if worker.exitcode == 0:
        return range(0)
    if current.value < 0:
        raise RuntimeError(f"the examples of '{reader.name}' could not be made: see above")
    what = "hang" if worker.exitcode == -9 else f"process died ({worker.exitcode})"
    number = max(current.value, numbers.start)
    tally.add(number, Result("find", f"{what}", f"case {number}"))
    if keep is not None:
        _keep(scratch / "case", keep / f"{_plain(reader.name)}-{seed}-{number}")
    return range(number + numbers.step, numbers.stop, numbers.step)


def _work(
    name: str,
    seed: int,
    numbers: range,
    scratch: Path,
    pipe: Connection,
    current: Any,
    counts: Any,
    keep: Path | None,
) -> None:
    """The worker: every case in an emptied folder; what it counts is shared, and what it finds sent on."""
    quiet(scratch)
    reader = next(reader for reader in READERS if reader.name == name)
    home = Path(tempfile.mkdtemp(dir=scratch))
    case = reader.begin(home)
    watch = Watch((str(scratch), "/dev/"))
    watch.install()
    pages = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (pages + SPACE, resource.RLIM_INFINITY))
    folder = scratch / "case"
    signs: set[str] = set()
    for number in numbers:
        emptied(folder)
        current.value = number
        random = seeded(seed, name, number)
        result = judge(case(random, folder), watch, megabytes=reader.megabytes)
        if result.verdict in COUNTED:
            counts[COUNTED.index(result.verdict)] += 1
            continue
        pipe.send((number, result))
        if keep is not None and result.sign not in signs:
            _keep(folder, keep / f"{_plain(name)}-{seed}-{number}")
        signs.add(result.sign)
    pipe.close()
    sys.stdout.flush()
    os._exit(0)


def emptied(folder: Path) -> None:
    """An empty folder, quickly: most cases have left one file there."""
    try:
        for entry in os.scandir(folder):
            os.unlink(entry.path)  # noqa: PTH108
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(exist_ok=True)


def quiet(scratch: Path) -> None:
    """Nothing of the user's is read or written, and nothing is said."""
    for name in ("XDG_CACHE_HOME", "MPLCONFIGDIR", "TMPDIR"):
        folder = scratch / name.lower()
        folder.mkdir(exist_ok=True)
        os.environ[name] = str(folder)
    sys.dont_write_bytecode = True
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")


def _plain(name: str) -> str:
    return "".join(sign if sign.isalnum() else "_" for sign in name)


def _keep(folder: Path, target: Path) -> None:
    shutil.copytree(folder, target, symlinks=True, dirs_exist_ok=True)
