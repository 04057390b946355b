"""The digest of a file, or of a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

# Between two pieces a thread waits for the interpreter, which may be busy importing: few and large ones.
_PIECE = 1 << 24


def file_digest(path: Path) -> str:
    """sha256 of a file's content, as 64 hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    found = hashlib.sha256()
    piece = memoryview(bytearray(min(_PIECE, path.stat().st_size + 1)))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(piece):
            found.update(piece[:count])
    return found.hexdigest()


def content_digest(path: Path) -> str:
    """sha256 of a file's content, or of the names and contents of all files in a folder.

    Raises:
        OSError: it cannot be read.
    """
    if not path.is_dir():
        return file_digest(path)
    found = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        found.update(f"{file_digest(file)}  {file.relative_to(path).as_posix()}\n".encode())
    return found.hexdigest()
