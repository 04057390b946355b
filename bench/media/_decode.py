"""Decoded pictures of a video stream, whatever state the file is in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from bench.media._ffv1 import Checksums


@dataclass(slots=True)
class Damage:
    """What could not be decoded: whole packets, and frames that were decoded with errors.

    `incomplete`: packets that the container calls so; `ends_incomplete`: whether the last was one. What stands before
    the first key frame was never whole, and is none of these.
    """

    packets: int = 0
    frames: int = 0
    incomplete: int = 0
    ends_incomplete: bool = False

    def clear(self) -> None:
        """Forget what was found so far."""
        self.packets = self.frames = self.incomplete = 0


_SHOW_ANYTHING = frozenset("mpeg4 msmpeg4v1 msmpeg4v2 msmpeg4v3 wmv1 wmv2 h263 h263p flv1".split())  # noqa: SIM905
"""Codecs whose decoders show pictures that refer to one that is not there, as grey smears."""


def pictures(container: InputContainer, stream: VideoStream, damage: Damage) -> Iterator[av.VideoFrame]:
    """Every picture that can be decoded, in shown order; what cannot is counted and left out."""
    packets = container.demux(stream)
    checksums = Checksums() if stream.codec_context.name == "ffv1" else None
    waits = stream.codec_context.name in _SHOW_ANYTHING
    first: av.Packet[VideoStream] | None = None
    shown = False
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            # The container breaks off here: what the decoder still holds is good.
            damage.packets += 1
            packet = None
        if checksums is not None and packet is not None and packet.size:
            damage.frames += checksums.newly_damaged(bytes(packet))
        if packet is not None and packet.size:
            first = first or packet
            damage.ends_incomplete = packet.is_corrupt
            damage.incomplete += packet.is_corrupt
        try:
            pictures = stream.decode(packet)
        except av.EOFError:
            return
        except av.FFmpegError:
            damage.packets += 1
            pictures = []
        for picture in pictures:
            if not shown:
                if waits and not picture.key_frame:
                    continue
                shown = True
                if first is not None and not first.is_keyframe:
                    damage.clear()
            damage.frames += picture.is_corrupt
            yield picture
        if packet is None:
            return
