"""A video file being written: picture and sound encoded into one container."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from bench.media._pictures.colour import FLAGS
from bench.media._soundtrack import AudioSource, SoundCodec, Soundtrack

_FINEST = 12000  # ticks a second at least, for frames that do not come at the nominal rate


class Movie:
    """An MP4 (`lossy`: H.264 and AAC) or Matroska file (FFV1 and PCM) being written, (height, width) `size`."""

    def __init__(
        self,
        path: Path,
        *,
        lossy: bool,
        size: tuple[int, int],
        fps: Fraction,
        crf: float,
        audio: AudioSource | None,
        origin: float,
    ) -> None:
        path.chmod(0o644)
        self._lossy = lossy
        self._reformatter = VideoReformatter()
        self._period = float(1 / fps)
        self._time_base = Fraction(1, fps.numerator * -(-_FINEST // fps.numerator))
        self._tick = -1
        self._last = 0.0
        # Bit-exact: Matroska would write random identifiers, and the same frames would never make the same file.
        options = {"fflags": "+bitexact"} | ({"movflags": "+faststart"} if self._lossy else {})
        self._container = av.open(
            str(path.absolute()), "w", format="mp4" if self._lossy else "matroska", container_options=options
        )
        self._stream = self._video(size, fps, crf)
        sound: SoundCodec = "aac" if self._lossy else "pcm_s16le"
        self._sound = None if audio is None else Soundtrack(self._container, audio, origin, sound)

    def _video(self, size: tuple[int, int], fps: Fraction, crf: float) -> VideoStream:
        height, width = size
        container: OutputContainer = self._container
        if not self._lossy:
            stream = container.add_stream("ffv1", rate=fps, options={"level": "3", "slicecrc": "1"})
            stream.pix_fmt = "bgr0"
        else:
            # The same frames make the same file. Without a thread of its own for looking ahead: how far that thread has
            # come, which hangs on what else the machine does, would find its way into the file. Without the macroblock
            # tree: for pictures of some widths it is computed with whatever stood in memory before.
            options = {"crf": f"{crf:g}", "preset": "veryfast", "x264-params": "sync-lookahead=0:mbtree=0"}
            stream = container.add_stream("libx264", rate=fps, options=options)
            height, width = height + height % 2, width + width % 2
            stream.pix_fmt = "yuv420p"
            stream.codec_context.color_range = ColorRange.MPEG
            stream.codec_context.colorspace = Colorspace.ITU709
            stream.codec_context.color_primaries = ColorPrimaries.BT709
            stream.codec_context.color_trc = ColorTrc.BT709
        stream.height, stream.width = height, width
        stream.codec_context.time_base = self._time_base
        stream.codec_context.thread_count = 2
        return stream

    def frame(self, rgb: NDArray[np.uint8], time: float) -> None:
        """Take (H, W, 3), shown `time` seconds after the first."""
        if self._lossy:
            height, width = rgb.shape[:2]
            rgb = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        picture = self._encodable(av.VideoFrame.from_ndarray(rgb, format="rgb24"))
        self._tick = max(round(time / self._time_base), self._tick + 1)
        self._last = time
        picture.pts, picture.time_base = self._tick, self._time_base
        self._container.mux(self._stream.encode(picture))
        if self._sound is not None:
            self._sound.feed(time)

    def _encodable(self, picture: av.VideoFrame) -> av.VideoFrame:
        if not self._lossy:
            return self._reformatter.reformat(picture, format="bgr0")
        return self._reformatter.reformat(
            picture,
            format="yuv420p",
            interpolation=FLAGS["accurate"],
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )

    def close(self) -> None:
        """Write what the encoders still hold, and the index."""
        self._container.mux(self._stream.encode(None))
        if self._sound is not None:
            self._sound.feed(self._last + self._period)
            self._sound.close()
        self._container.close()

    def abandon(self) -> None:
        """Free everything without finishing the file."""
        if self._sound is not None:
            self._sound.close()
        with suppress(OSError, av.FFmpegError):  # the disk is full or gone: the file goes anyway
            self._container.close()
