"""A temporary folder of one's own: what is left in it goes with it, however that came there."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.errors import BenchError
from bench.run.engines.uninterrupted import uninterrupted

PREFIX = "talking-head-"


@contextlib.contextmanager
def own_temporary_folder() -> Iterator[Path]:
    """Let `tempfile` work in a new folder, which is removed at the end.

    What killed processes leave goes too. Processes that are started must be told of the folder.

    Raises:
        BenchError: it cannot be made.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
    except OSError as error:
        raise BenchError(
            f"no temporary folder can be made ({error.strerror or error}): free space there or name another with TMPDIR"
        ) from None
    before, tempfile.tempdir = tempfile.tempdir, folder.name
    try:
        yield Path(folder.name)
    finally:
        with uninterrupted():
            tempfile.tempdir = before
            folder.cleanup()
