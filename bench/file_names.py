"""File names that every file system takes, and texts that every reader takes."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_UNDECODED = re.compile("[\udc80-\udcff]")  # how Python keeps such bytes in a path


def file_name(text: str) -> str:
    """`text` as a file name for every file system: unchanged where it can be, else with a digest to stay unique."""
    safe = re.sub(r'[\x00-\x1f/\\:*?"<>|]', "_", text).rstrip(". ")
    while len(safe.encode()) > 180:
        safe = safe[:-1]
    if safe == text and safe not in ("", ".", ".."):
        return safe
    return f"{safe}~{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def readable(text: str) -> str:
    """`text` with the bytes of a file name that are no UTF-8 written out, as `\\xff`: what every reader can take."""
    return _UNDECODED.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", text)


def folded(text: str) -> str:
    """What is left of a name for file systems that tell neither capitals nor forms of accents apart (macOS)."""
    return unicodedata.normalize("NFC", text).casefold()
