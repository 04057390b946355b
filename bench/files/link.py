"""A file under a second name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def link_or_copy(source: Path, target: Path) -> None:
    """Have the same file under another name too, or a copy where the file system has no such names.

    Raises:
        OSError: it cannot be read, or not be written there.
    """
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, target)
