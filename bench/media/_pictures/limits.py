"""How large a picture may be: larger ones are what a damaged or hostile head says, and would take all memory."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bench.errors import MediaError

LONGEST_SIDE: Final = 16384
MOST_PIXELS: Final = 1 << 27


def check_size(width: int, height: int, path: Path) -> None:
    """Refuse pictures beyond all that is filmed, before one is decoded.

    Raises:
        MediaError: the pictures of the file `path` are said to be larger.
    """
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise MediaError(
            f"{path} says that its pictures are {width}x{height}, more than {LONGEST_SIDE} pixels on a side or "
            f"{MOST_PIXELS >> 20} million in all: get the file again, or make it smaller"
        )
