"""Damage in FFV1 video: FFmpeg finds it by checksums, fills the hole with the picture before, and tells nobody."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

_FOOTER = 8  # of a slice: its size (3 bytes), error status (1), checksum (4)
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(slots=True)
class Checksums:
    """Verifies the frames of one stream, in order.

    Checksums are optional (`slicecrc`; ours have them), and a frame does not say whether it has some. So frames that
    fail count from the first one on that does not. Source: RFC 9043, section 4.8.
    """

    present: bool = False
    failed: int = 0

    def newly_damaged(self, packet: bytes) -> int:
        """How many frames are known to be damaged now that were not before this packet."""
        if intact(packet):
            self.present = True
        else:
            self.failed += 1
        found, self.failed = (self.failed, 0) if self.present else (0, self.failed)
        return found


def intact(packet: bytes) -> bool:
    """Whether a frame is made, to the last byte, of slices whose checksums hold."""
    end = len(packet)
    while end >= _FOOTER:
        size = int.from_bytes(packet[end - _FOOTER : end - _FOOTER + 3], "big") + _FOOTER
        if size > end or _remainder(packet[end - size : end]):
            return False
        end -= size
    return end == 0 and bool(packet)


def _remainder(data: bytes) -> int:
    """CRC-32 from zero with the highest bit first; zlib's begins with the lowest."""
    return zlib.crc32(data.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
