"""Whole frames from interlaced pictures."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import av
from av.filter import Graph
from av.video.stream import VideoStream

_BWDIF = "mode=send_frame:parity=auto:deint=interlaced"


def deinterlaced(pictures: Iterator[av.VideoFrame], stream: VideoStream) -> Iterator[av.VideoFrame]:
    """One picture for every one that comes, by FFmpeg's bwdif: the first field's lines, and those between by motion.

    Pictures that are not flagged as interlaced pass as they are. Stamps stay those of the pictures that came.
    """
    graph = Graph()
    source = graph.add_buffer(template=stream)
    bwdif, sink = graph.add("bwdif", _BWDIF), graph.add("buffersink")
    source.link_to(bwdif)
    bwdif.link_to(sink)
    graph.configure()
    came: deque[av.VideoFrame] = deque()

    def ready() -> Iterator[av.VideoFrame]:
        while came:
            try:
                made = sink.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            assert isinstance(made, av.VideoFrame)
            first = came.popleft()
            made.pts, made.time_base = first.pts, first.time_base
            yield made

    for picture in pictures:
        came.append(picture)
        source.push(picture)
        yield from ready()
    source.push(None)
    yield from ready()
