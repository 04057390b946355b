"""Whether a file reaches the end that its own structure names.

A downloaded or copied file is often cut off, and FFmpeg reads what is there without a word. Most containers say how
long their parts are, or mark their last one; `is_cut_off` reads these marks alone. What it cannot tell: bare streams
(H.264, HEVC), NUT, and any file that was cut exactly between two parts where no mark follows the last: fragmented MP4
without `mfra`, MPEG-PS, live Matroska, transport streams whose last picture is not followed by anything unfinished.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_BOXES = (b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"wide", b"skip", b"sidx")
_CARRYING = (b"moov", b"moof", b"mdat")
_EBML, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
_IN_CLUSTER = frozenset({0xE7, 0xA3, 0xA0, 0xAB, 0xA7, 0xAF, 0x5854, 0xEC, 0xBF})
_IN_SEGMENT = frozenset({0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B, 0x1254C367, 0x1043A770, 0x1941A469, 0xEC})
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_MXF_PARTITION = bytes.fromhex("060e2b34020501010d010201")
_TAIL = 1 << 20


def is_cut_off(path: Path) -> bool:
    """Whether the file ends in the middle of a part, or before a mark that it should have; False where none tells."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(1024)
        check = _end_test(head)
        try:
            return check is not None and check(file, size)
        except (struct.error, IndexError, ValueError, ArithmeticError):  # a part's head is broken off, or none
            return False


def _end_test(head: bytes) -> Callable[[BinaryIO, int], bool] | None:
    if head[4:8] in _BOXES:
        return _boxes
    if head[:4] in _SIGNATURES:
        return _SIGNATURES[head[:4]]
    if head[:16] == _ASF:
        return _asf
    if head[:12] == _MXF_PARTITION:
        return _mxf
    if any(len(head) > at + 4 * step and {head[at + n * step] for n in range(5)} == {0x47} for at, step in _STEPS):
        return _transport_stream
    return None


def _boxes(file: BinaryIO, size: int) -> bool:
    """ISO media: a box with samples or their index goes on behind the end, or samples are announced and missing."""
    at, kind = 0, b""
    while at + 8 <= size:
        file.seek(at)
        length, kind = struct.unpack(">I4s", file.read(8))
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
        if length == 0:
            return False  # to the end of the file, wherever that is
        if length < 8 or not kind.isalnum():
            return False  # something else stands behind the last box
        at += length
    return kind == b"moof" or (at > size and kind in _CARRYING)


def _riff(file: BinaryIO, size: int) -> bool:
    """AVI and WebP: one RIFF list or, of large AVI files, several; a recorder that crashed leaves a length of 0."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        if name != b"RIFF" or length == 0:
            return False
        at += 8 + length
        if at > size:
            return True
        at += length % 2
    return False


def _matroska(file: BinaryIO, size: int) -> bool:
    """Matroska and WebM: the segment, or a cluster or block of one whose length was not known, goes on behind the end.

    Live recordings give no lengths; their clusters are then walked through block by block.
    """
    at = 0
    while at < size:
        file.seek(at)
        name, head = _element_id(file.read(4))
        file.seek(at + head)
        length, width = _element_length(file.read(8))
        at += head + width
        if length is None:
            if name not in (_SEGMENT, _CLUSTER):
                return False
            continue  # its content comes next
        if name not in _IN_CLUSTER | _IN_SEGMENT | {_EBML, _SEGMENT, _CLUSTER}:
            return False
        at += length
    return at > size


def _element_id(data: bytes) -> tuple[int, int]:
    width = 9 - data[0].bit_length()
    if not 1 <= width <= 4 or len(data) < width:
        raise IndexError
    return int.from_bytes(data[:width], "big"), width


def _element_length(data: bytes) -> tuple[int | None, int]:
    width = 9 - data[0].bit_length()
    if width > 8 or len(data) < width:
        raise IndexError
    value = int.from_bytes(data[:width], "big") - (1 << (7 * width))
    return (None if value == (1 << (7 * width)) - 1 else value), width


def _flash(file: BinaryIO, size: int) -> bool:
    """FLV: the last tag goes on behind the end; the length of every tag stands behind it once more."""
    file.seek(max(size - 4, 0))
    (back,) = struct.unpack(">I", file.read(4))
    if 11 <= back <= size - 17:
        file.seek(size - 4 - back)
        if int.from_bytes(file.read(4)[1:], "big") == back - 11:
            return False
    file.seek(5)
    (at,) = struct.unpack(">I", file.read(4))
    at += 4
    while at + 11 <= size:
        file.seek(at)
        kind, *length = file.read(4)
        if kind & 0x1F not in (8, 9, 18):
            return False
        at += 11 + int.from_bytes(bytes(length), "big") + 4
    return bool(at != size)


def _ogg(file: BinaryIO, size: int) -> bool:
    """Ogg: the last page goes on behind the end, or is not marked as the last of its stream (RFC 3533)."""
    file.seek(max(size - _TAIL, 0))
    tail = file.read()
    at = tail.rfind(b"OggS")
    if at < 0:
        return False
    segments = tail[at + 26]
    lacing = tail[at + 27 : at + 27 + segments]
    whole = len(lacing) == segments and at + 27 + segments + sum(lacing) <= len(tail)
    return not whole or not tail[at + 5] & 4


def _asf(file: BinaryIO, size: int) -> bool:
    """WMV, ASF: the head tells the size of the file, but for live recordings."""
    file.seek(0)
    head = file.read(1 << 16)
    at = head.find(_ASF_FILE)
    if at < 0:
        return False
    (promised,) = struct.unpack_from("<Q", head, at + 40)
    (flags,) = struct.unpack_from("<I", head, at + 88)
    return bool(not flags & 1 and size < promised)


def _mxf(file: BinaryIO, size: int) -> bool:
    """MXF: the head tells where the last partition begins, 0 where it was not known."""
    file.seek(16)
    first = file.read(1)[0]
    extra = first & 0x7F if first & 0x80 else 0
    file.seek(17 + extra + 24)
    (footer,) = struct.unpack(">Q", file.read(8))
    return int(footer) >= size


def _program_stream(file: BinaryIO, size: int) -> bool:
    """MPEG-PS, VOB: the last packet goes on behind the end."""
    file.seek(max(size - _TAIL, 0))
    tail = file.read()
    for at in (at for at in _starts(tail) if at + 6 <= len(tail) and tail[at + 3] >= 0xBB):
        return at + 6 + int.from_bytes(tail[at + 4 : at + 6], "big") > len(tail) and not _inside(tail, at)
    return False


def _starts(data: bytes) -> list[int]:
    """Where start codes 00 00 01 of pack, system and packet layers stand, the last first."""
    found, at = [], len(data)
    while (at := data.rfind(b"\0\0\1", 0, at)) >= 0:
        if at + 3 < len(data) and data[at + 3] >= 0xB9:
            found.append(at)
    return found


def _inside(tail: bytes, at: int) -> bool:
    """Whether the start code at `at` is content of the packet before it."""
    before = next((start for start in _starts(tail[:at]) if tail[start + 3] >= 0xBB), None)
    return before is not None and before + 6 + int.from_bytes(tail[before + 4 : before + 6], "big") > at


def _transport_stream(file: BinaryIO, size: int) -> bool:
    """MPEG-TS: the last packet is not whole, or what it belongs to (sound, mostly) lacks some of its told length."""
    file.seek(0)
    head = file.read(1024)
    first, step = next((at, step) for at, step in _STEPS if {head[at + n * step] for n in range(5)} == {0x47})
    if size % step:
        return True
    file.seek(max(size - _TAIL // step * step, 0))
    tail = file.read()
    missing: dict[int, int] = {}
    for at in range(first, len(tail) - 187, step):
        packet = tail[at : at + 188]
        pid = int.from_bytes(packet[1:3], "big") & 0x1FFF
        content = packet[5 + packet[4] :] if packet[3] & 0x20 else packet[4:]
        if packet[0] != 0x47 or not packet[3] & 0x10 or not content:
            continue
        if packet[1] & 0x40:
            told = int.from_bytes(content[4:6], "big") if content[:3] == b"\0\0\1" else 0
            missing[pid] = told + 6 if told else 0
        if missing.get(pid, 0) > 0:
            missing[pid] = max(missing[pid] - len(content), 0)
    return any(missing.values())


def _gif(file: BinaryIO, size: int) -> bool:
    """GIF: a trailer ends the file."""
    file.seek(max(size - 64, 0))
    return not file.read().rstrip(b"\0\r\n").endswith(b";")


def _png(file: BinaryIO, size: int) -> bool:
    """PNG and APNG: the chunk IEND ends the picture."""
    file.seek(max(size - _TAIL, 0))
    return b"IEND\xaeB`\x82" not in file.read()


def _yuv4mpeg(file: BinaryIO, size: int) -> bool:
    """Y4M: all frames are of one length; those of 4:2:0, 4:2:2 and 4:4:4 with 8 bits are checked."""
    file.seek(0)
    first = file.readline(4096)
    words = {word[:1]: word[1:] for word in first.split()[1:]}
    width, height = int(words.get(b"W", b"0")), int(words.get(b"H", b"0"))
    colour = words.get(b"C", b"420jpeg")
    half = ((width + 1) // 2, (height + 1) // 2)
    chroma = {b"420": half[0] * half[1], b"422": half[0] * height, b"444": width * height}.get(colour[:3])
    if chroma is None or b"p1" in colour or b"alpha" in colour:
        return False
    head = len(file.readline(4096))
    return bool((size - len(first)) % (head + width * height + 2 * chroma))


_STEPS = ((0, 188), (4, 192), (0, 204))
"""(offset, distance) of the sync bytes of transport streams: plain, with time codes (m2ts), with parity."""

_SIGNATURES: dict[bytes, Callable[[BinaryIO, int], bool]] = {
    b"RIFF": _riff,
    _EBML.to_bytes(4, "big"): _matroska,
    b"FLV\1": _flash,
    b"OggS": _ogg,
    b"\0\0\1\xba": _program_stream,
    b"GIF8": _gif,
    b"\x89PNG": _png,
    b"YUV4": _yuv4mpeg,
}
