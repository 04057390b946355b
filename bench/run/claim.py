"""A run folder of one's own: no other run is lost by writing to it, and nobody else works in it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from bench.compute.transient import transient
from bench.errors import BenchError
from bench.files.atomic_write import is_unfinished
from bench.files.json import read_json
from bench.files.presence import is_folder, is_there

LOCK: Final = ".lock"
_HOLDER: Final = ".lock.json"


@contextlib.contextmanager
def claimed(out: Path, inputs: Sequence[Path], *, overwrite: bool = False, resume: bool = False) -> Iterator[None]:
    """Make sure that no other run is lost by writing to the run folder, and hold it.

    An old run goes when the new one begins, not before, or with `resume` goes on; videos of its own can be no `inputs`.

    Raises:
        BenchError: the folder holds a run or something else, is held by another run, or cannot be written.
    """
    _refuse_taken(out, inputs, overwrite=overwrite, resume=resume)
    with contextlib.ExitStack() as stack:
        with writable(out):
            stack.enter_context(_held(out))
        _refuse_taken(out, inputs, overwrite=overwrite, resume=resume)  # another run may have ended between the two
        yield


@contextlib.contextmanager
def writable(out: Path) -> Iterator[None]:
    """Tell in a sentence what the operating system says when the run folder is written.

    Raises:
        BenchError: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        go_on = " and go on with --resume," if (out / "run.json").exists() else ""
        raise BenchError(
            f"the run folder '{out}' cannot be written ({error.strerror or error}): "
            f"free space there{go_on} or name another with --out",
            transient=transient(error),
        ) from None


def new_folder(wanted: Path) -> Path:
    """Make a folder that nobody has: `wanted`, or with a number behind it where another run was faster."""
    with writable(wanted):
        wanted.parent.mkdir(parents=True, exist_ok=True)
        for folder in (wanted, *(wanted.with_name(f"{wanted.name}-{number}") for number in range(2, 10_000))):
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                return folder
    raise BenchError(f"'{wanted}' and its 9999 followers are taken: name a folder with --out")


def _refuse_taken(out: Path, inputs: Sequence[Path], *, overwrite: bool, resume: bool) -> None:
    if is_there(out / "run.json"):
        if not overwrite and not resume:
            raise BenchError(
                f"'{out}' already holds a run: go on with it by --resume, replace it by --overwrite, "
                "or name another folder with --out"
            )
        if inside := [path for path in inputs if path.resolve().is_relative_to(out.resolve())]:
            option = "--overwrite replaces" if overwrite else "--resume goes on with"
            raise BenchError(f"'{inside[0]}' lies in the run that {option}: name another folder with --out")
    elif is_folder(out) and any(path.name not in (LOCK, _HOLDER) and not is_unfinished(path) for path in out.iterdir()):
        raise BenchError(f"'{out}' holds something that is not a run: name another folder with --out")
    elif is_there(out) and not is_folder(out):
        raise BenchError(f"'{out}' is a file: name a folder with --out")


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold the run folder, which is made where it is not there.

    The lock is the operating system's: it ends with the process, however that ends. File systems without such locks
    (some network mounts) let two machines in; processes of one machine are kept apart there too.

    Raises:
        BenchError: another run holds it; the sentence names its machine, process and start.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise BenchError(
            f"another run is at work in '{folder}'{_holder(folder)}: wait for its end, or name another with --out"
        ) from None
    holder = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    try:
        (folder / _HOLDER).write_text(json.dumps(holder), encoding="utf-8")
        yield
    finally:
        for name in (_HOLDER, LOCK):
            with contextlib.suppress(OSError):
                (folder / name).unlink()
        lock.release()
        with contextlib.suppress(OSError):
            folder.rmdir()  # a mistake before the run began: nothing came to be in it


def _holder(folder: Path) -> str:
    """Who holds the folder, as far as that is known."""
    try:
        holder = read_json(folder / _HOLDER)
    except (OSError, ValueError):
        return ""
    if not isinstance(holder, dict) or not {"pid", "host", "since"} <= set(holder):
        return ""
    return f" (process {holder['pid']} on {holder['host']}, since {holder['since']})"
