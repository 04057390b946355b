"""Files written whole or not at all."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.file_names import readable

_TEMPORARY = re.compile(r"\.[0-9a-f]{16}(\..*)?")


@contextlib.contextmanager
def atomically(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` to be filled, which is put in place in one step at the end, or removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{secrets.token_hex(8)}{path.suffix}")
    temporary.touch(exist_ok=False)  # with the rights of any new file: other users may read it where they may
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place in one step."""
    with atomically(path) as temporary:
        write(temporary)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically, with line ends as given; see `readable` for bytes that are none."""
    text = readable(text)
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8", newline=""))


def is_unfinished(path: Path) -> bool:
    """Whether a process was writing this file when it was killed, or is writing it now."""
    return _TEMPORARY.fullmatch(path.name) is not None


def remove_unfinished(folder: Path) -> None:
    """Remove what killed processes were writing in a folder; nobody else may be at work there."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if is_unfinished(path) and path.is_file():
            path.unlink(missing_ok=True)
