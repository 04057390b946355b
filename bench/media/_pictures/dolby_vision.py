"""Dolby Vision whose picture is in the colours IPT, which nothing here can show right."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import BinaryIO

_IPT = (5, 10, 20)
"""Profiles that have such pictures where their base layer is compatible with nothing (ETSI TS 103 572)."""

_RECORD = re.compile(rb"(?:dv[cv]C|\x41\xed\x98)(?=(.{5}))", re.DOTALL)
"""A configuration record: an MP4's box, or what Matroska adds to a block (24 bytes)."""

_MOST = 64 << 20


def is_ipt(path: Path) -> bool:
    """Whether the file says that it is Dolby Vision of such a profile (5: as streaming services and phones have it)."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
        if head[4:8] in (b"ftyp", b"styp", b"moov", b"free", b"wide", b"skip", b"mdat"):
            head = _movie(file)
    for found in _RECORD.finditer(head):
        record = found.group(1)
        if record[0] in (1, 2) and record[2] >> 1 in _IPT and record[4] >> 4 == 0:
            return True
    return False


def _movie(file: BinaryIO) -> bytes:
    """The box of an MP4 that describes its streams; empty where there is none."""
    at = 0
    while True:
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return b""
        length, kind = struct.unpack(">I4s", head[:8])
        if length == 1 and len(head) == 16:
            (length,) = struct.unpack(">Q", head[8:])
        if kind == b"moov":
            return head + file.read(min(length or _MOST, _MOST))
        if length < 8:
            return b""
        at += length
