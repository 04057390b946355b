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
    """What could not be decoded: whole packets, and frames that were decoded with errors."""

    packets: int = 0
    frames: int = 0

    def clear(self) -> None:
        """Forget what was found so far."""
        self.packets = self.frames = 0


def pictures(container: InputContainer, stream: VideoStream, damage: Damage) -> Iterator[av.VideoFrame]:
    """Every picture that can be decoded, in shown order; what cannot is counted and left out."""
    packets = container.demux(stream)
    checksums = Checksums() if stream.codec_context.name == "ffv1" else None
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            # The container breaks off here: what the decoder still holds is good.
            damage.packets += 1
            packet = None
        if checksums is not None and packet is not None and packet.size:
            damage.frames += checksums.newly_damaged(bytes(packet))
        try:
            pictures = stream.decode(packet)
        except av.EOFError:
            return
        except av.FFmpegError:
            damage.packets += 1
            pictures = []
        for picture in pictures:
            damage.frames += picture.is_corrupt
            yield picture
        if packet is None:
            return
