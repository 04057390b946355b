"""Video files read as streams of upright RGB frames with their times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
import torch
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from bench.clips import Box
from bench.clock import FrameClock
from bench.colour import Conversion, Orientation, ToRgb
from bench.container import audio_stream, has_pictures, open_media, video_stream
from bench.errors import MediaError
from bench.resize import DEFAULT, resize
from metrics.frames import Frames

_EPSILON = 1e-6  # seconds: time stamps in files are never finer
_SEEK_FROM = 5.0  # seconds: nearer starts are reached by decoding


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video file is, known from its head and its first frame.

    `width`, `height`: upright pixels. `fps`: frames a second, the mean rate where `variable_rate`.
    `promised_frames`: shown frames by the container's index, None where it keeps none. `duration`: seconds, None
    where unknown. `rotation`: clockwise degrees that the stored pictures are turned by. `zero`: the first shown
    frame's time on the container's clock, in seconds. `warnings`: what a user should know of this file, in sentences.
    """

    width: int
    height: int
    fps: float
    variable_rate: bool
    codec: str
    promised_frames: int | None
    duration: float | None
    has_audio: bool
    rotation: int
    zero: float
    warnings: tuple[str, ...] = ()


def probe(path: Path | str) -> VideoInfo:
    """What a video file is.

    Raises:
        MediaError: the file cannot be read, has no video stream or not one frame.
    """
    path = Path(path)
    with open_media(path) as container:
        stream = video_stream(container, path)
        index = _index(stream)
        picture = next(_pictures(container, stream, _Damage()), None)
        if picture is None:
            raise MediaError(f"{path} has no frames: get the file again, or leave it out")
        stamps = index if index is not None else _demuxed(container, stream)
        rate = _Rate.of(stamps, stream)
        orientation = Orientation.of(picture)
        width, height = picture.width, picture.height
        if orientation.transpose:
            width, height = height, width
        seconds = _seconds(picture)
        return VideoInfo(
            width=width,
            height=height,
            fps=float(rate.fps),
            variable_rate=rate.variable,
            codec=stream.codec_context.name,
            promised_frames=None if index is None else len(index),
            duration=_duration(container, stream, rate, len(stamps)),
            has_audio=audio_stream(container) is not None,
            rotation=orientation.degrees,
            zero=0.0 if seconds is None else seconds,
            warnings=_warnings(container, stream, rate),
        )


def first_picture_time(path: Path) -> float:
    """When the first frame is shown, in seconds on the container's clock; 0 for a file without picture.

    Raises:
        MediaError: the file cannot be read.
    """
    with open_media(path) as container:
        if not has_pictures(container):
            return 0.0
        picture = next(_pictures(container, video_stream(container, path), _Damage()), None)
        return 0.0 if picture is None else _seconds(picture) or 0.0


class VideoReader:
    """Upright RGB frames of a video file in shown order, in batches, in constant memory.

    `size` (height, width) is resized to, after `crop`, by `kernel`; `start` and `end` (seconds from the first shown
    frame) choose the frames with start ≤ time < end. Iterating yields `Frames` of at most `batch` frames, times in
    seconds from the clip's first shown frame. After the last, `warnings` says what was wrong with the file.

    Raises:
        MediaError: the file cannot be read, has no frames (in that span), or the crop leaves the picture.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        size: tuple[int, int] | None = None,
        crop: Box | None = None,
        start: float | None = None,
        end: float | None = None,
        batch: int = 16,
        kernel: str = DEFAULT,
        conversion: Conversion = "accurate",
    ) -> None:
        self.path = Path(path)
        self.info = probe(self.path)
        self.size = size
        self.crop = None if crop is None else self._inside(crop)
        self.start, self.end = start, end
        self.batch = batch
        self.kernel = kernel
        self.conversion = conversion
        self.warnings: tuple[str, ...] = self.info.warnings
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; iterating again opens it again."""
        self._open.close()

    def __iter__(self) -> Iterator[Frames]:
        """Decode from the first frame on; every iteration is a pass of its own."""
        self.close()
        container = self._open.enter_context(open_media(self.path))
        pixels: list[NDArray[np.uint8]] = []
        times: list[float] = []
        for rgb, time in self._frames(container):
            pixels.append(rgb)
            times.append(time)
            if len(pixels) == self.batch:
                yield self._batch(pixels, times)
                pixels, times = [], []
        if pixels:
            yield self._batch(pixels, times)
        self.close()

    def _frames(self, container: InputContainer) -> Iterator[tuple[NDArray[np.uint8], float]]:
        """Cropped frames of the asked span with their times."""
        stream = video_stream(container, self.path)
        clock = FrameClock(period=1 / self.info.fps, zero=self.info.zero)
        damage = _Damage()
        to_rgb = ToRgb(self.conversion)
        decoded = shown = 0
        whole = True  # whether the file is decoded from its first to its last frame
        for picture in _pictures(container, stream, damage):
            time = clock.time(picture.pts, picture.time_base)
            decoded += 1
            if self.end is not None and time >= self.end - _EPSILON:
                whole = False
                break
            if self.start is not None and time < self.start - _EPSILON:
                continue
            shown += 1
            yield self._upright(to_rgb, picture), time
        if not shown:
            raise MediaError(f"{self.path} has no frames {self._span()}")
        self.warnings = (*self.info.warnings, *self._found(decoded, clock.mended, damage, whole=whole))

    def _upright(self, to_rgb: ToRgb, picture: av.VideoFrame) -> NDArray[np.uint8]:
        try:
            rgb = Orientation.of(picture).upright(to_rgb(picture))
        except (av.FFmpegError, ValueError) as error:
            raise MediaError(
                f"{self.path}: pictures of format {picture.format.name} cannot be turned into RGB: re-encode the file"
            ) from error
        if rgb.shape[:2] != (self.info.height, self.info.width):
            raise MediaError(
                f"{self.path} changes its frame size from {self.info.width}x{self.info.height} to "
                f"{rgb.shape[1]}x{rgb.shape[0]}: cut it there or re-encode it at one size"
            )
        if self.crop is not None:
            rgb = rgb[self.crop.top : self.crop.bottom, self.crop.left : self.crop.right]
        return rgb

    def _batch(self, pixels: list[NDArray[np.uint8]], times: list[float]) -> Frames:
        height, width = pixels[0].shape[:2]
        batch = torch.empty((len(pixels), 3, height, width), dtype=torch.uint8)
        for frame, rgb in zip(batch.numpy(), pixels, strict=True):
            frame[:] = rgb.transpose(2, 0, 1)
        if self.size is not None:
            batch = resize(batch, self.size, kernel=self.kernel)
        return Frames(batch, np.array(times))

    def _inside(self, crop: Box) -> Box:
        width, height = self.info.width, self.info.height
        if not (0 <= crop.left < crop.right <= width and 0 <= crop.top < crop.bottom <= height):
            corners = f"{crop.left},{crop.top} to {crop.right},{crop.bottom}"
            raise MediaError(f"{self.path}: the crop {corners} leaves its {width}x{height} picture: correct the box")
        return crop

    def _span(self) -> str:
        if self.start is None and self.end is None:
            return "that can be decoded: get the file again, or leave it out"
        end = "its end" if self.end is None else f"{self.end:g} s"
        return f"between {self.start or 0:g} s and {end}: choose a span inside the clip"

    def _found(self, decoded: int, mended: int, damage: _Damage, *, whole: bool) -> Iterator[str]:
        """What decoding showed to be wrong with the file."""
        promised = self.info.promised_frames
        if whole and promised is not None and decoded < promised:
            yield f"file is damaged: {decoded} of {promised} promised frames could be read"
        elif damage.packets:
            yield f"file is damaged: {damage.packets} packets could not be decoded"
        if damage.frames:
            yield f"file is damaged: {damage.frames} frames were decoded with errors"
        if mended:
            yield f"{mended} frames without a time stamp of their own were placed by the frame rate"


@dataclass(slots=True)
class _Damage:
    packets: int = 0
    frames: int = 0


def _pictures(container: InputContainer, stream: VideoStream, damage: _Damage) -> Iterator[av.VideoFrame]:
    """Every picture that can be decoded, in shown order; what cannot is counted and left out."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            # The container breaks off here: what the decoder still holds is good.
            damage.packets += 1
            packet = None
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


def _index(stream: VideoStream) -> list[float] | None:
    """Decoding times of all shown frames in seconds by the container's index, None where it has no full one."""
    if stream.time_base is None or not stream.frames or len(stream.index_entries) != stream.frames:
        return None
    return [float(entry.timestamp * stream.time_base) for entry in stream.index_entries if not entry.is_discard]


def _demuxed(container: InputContainer, stream: VideoStream) -> list[float]:
    """Times of all frames in seconds, found by reading the file through without decoding."""
    container.seek(0)
    stamps = []
    try:
        for packet in container.demux(stream):
            stamp = packet.dts if packet.pts is None else packet.pts
            if stamp is not None and packet.size:
                stamps.append(float(stamp * packet.time_base))
    except av.FFmpegError:
        pass  # decoding finds the damage again and reports it
    return sorted(stamps)


@dataclass(frozen=True, slots=True)
class _Rate:
    fps: Fraction
    variable: bool

    @classmethod
    def of(cls, stamps: list[float], stream: VideoStream) -> _Rate:
        """Constant where every frame lasts as long as the others, to within the container's time base."""
        nominal = stream.guessed_rate or stream.average_rate or Fraction(25)
        if len(stamps) < 2 or stamps[-1] <= stamps[0]:
            return cls(nominal, variable=False)
        steps = np.diff(stamps)
        mean = (stamps[-1] - stamps[0]) / (len(stamps) - 1)
        slack = max(1.5 * float(stream.time_base or 0), 0.02 * mean)
        variable = bool(np.abs(steps - mean).max() > slack)
        if not variable and abs(float(nominal) * mean - 1) < 0.005:
            return cls(nominal, variable=False)
        return cls(Fraction(1 / mean).limit_denominator(1001), variable)


def _seconds(picture: av.VideoFrame) -> float | None:
    if picture.pts is None or picture.time_base is None:
        return None
    return float(picture.pts * picture.time_base)


def _duration(container: InputContainer, stream: VideoStream, rate: _Rate, frames: int) -> float | None:
    if frames:
        return float(frames / rate.fps)
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / 1e6


def _warnings(container: InputContainer, stream: VideoStream, rate: _Rate) -> tuple[str, ...]:
    found = []
    if rate.variable:
        found.append(f"variable frame rate: {float(rate.fps):.3g} frames a second on average")
    aspect = stream.codec_context.sample_aspect_ratio
    if aspect and abs(aspect - 1) > 0.01:
        found.append(f"pixels are not square ({aspect}): frames are used as stored")
    if len(container.streams.audio) > 1:
        track = audio_stream(container)
        if track is not None:
            number = 1 + [stream.index for stream in container.streams.audio].index(track.index)
            found.append(
                f"{len(container.streams.audio)} sound tracks: number {number} ({track.codec_context.name}) is used"
            )
    return tuple(found)
