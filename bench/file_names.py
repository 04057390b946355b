"""File names that every file system takes, and texts that every reader takes."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters: `\\udc80` to `\\udcff` are how Python keeps bytes that are no UTF-8 in a path."""

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal obeys instead of showing it: control characters, ends of lines, turns of the direction."""


def file_name(text: str) -> str:
    """`text` as a file name for every file system: unchanged where it can be, else with a digest to stay unique."""
    safe = re.sub(r'[\x00-\x1f/\\:*?"<>|\ud800-\udfff]', "_", text).rstrip(". ")
    while len(safe.encode()) > 180:
        safe = safe[:-1]
    if safe == text and safe not in ("", ".", ".."):
        return safe
    return f"{safe}~{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def readable(text: str) -> str:
    """`text` with the bytes of a file name that are no UTF-8 written out, as `\\xff`: what every reader can take."""
    return _HALVES.sub(_written_out, text)


def folded(text: str) -> str:
    """What is left of a name for file systems that tell neither capitals nor forms of accents apart (macOS)."""
    return unicodedata.normalize("NFC", text).casefold()


def one_line(text: str) -> str:
    r"""`text` as a terminal can show it: on one line, with control characters written out so that none is obeyed.

    Example:
        >>> print(one_line("red: \x1b[31m, two\nlines"))
        red: \x1b[31m, two\nlines
    """
    return _UNSEEN.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return found[0].encode("unicode_escape").decode("ascii")
