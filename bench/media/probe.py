"""What a video file is: its head and its first frame, without decoding the rest."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from bench.errors import MediaError
from bench.media._avi_clock import STRAY, Slots
from bench.media._container import audio_stream, open_media, picture_tracks, video_stream
from bench.media._decode import Damage, pictures
from bench.media._file_end import is_cut_off
from bench.media._pictures.colour import Orientation
from bench.media._pictures.dolby_vision import is_ipt
from bench.media._pictures.tone_map import Range, dynamic_range, is_p3
from bench.media.formats import is_animated_webp

_WITH_ALPHA = ("rgba", "bgra", "argb", "abgr", "ya8", "ya16", "gbrap", "pal8", "yuva")
"""How the names of pixel formats with transparency begin."""

_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video file is, known from its head and its first frame.

    `width`, `height`: upright pixels. `fps`: frames a second, the mean rate where `variable_rate`.
    `promised_frames`: shown frames by the container's index or head, None where they say nothing or merely estimate.
    `duration`: seconds as the head promises or else as the frames last, None where unknown. `rotation`: clockwise
    degrees that the stored pictures are turned by. `zero`: the first shown frame's time on the container's clock, in
    seconds. `warnings`: what a user should know of this file, in sentences. `slots`: where the frames of an AVI lie.
    `reordered`: whether the codec stores frames in another order than they are shown. `cut_off`: whether the file ends
    before its own structure does. `interlaced`: whether its first picture is flagged so. `dynamic_range`: what its code
    values mean. `ipt`: whether it is Dolby Vision in IPT. `transparent`: share of its first picture's pixels that
    are so.
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
    slots: Slots | None = None
    reordered: bool = False
    cut_off: bool = False
    interlaced: bool = False
    dynamic_range: Range = "SDR"
    ipt: bool = False
    transparent: float = 0.0


def probe(path: Path | str) -> VideoInfo:
    """What a video file is.

    Raises:
        MediaError: the file cannot be read, has no video stream or not one frame.
    """
    path = Path(path)
    with open_media(path) as container:
        stream = video_stream(container, path)
        index = _index(container, stream)
        picture = next(pictures(container, stream, Damage()), None)
        if picture is None:
            if is_animated_webp(path):
                raise MediaError(f"{path} is an animated WebP, which FFmpeg cannot decode: convert it to MP4 or to PNG")
            raise MediaError(f"{path} has no frames: get the file again, or leave it out")
        first = _seconds(picture)
        transparent = _transparent(picture)
        cut_off = is_cut_off(path)
        stamps, lead = (index, 0.0) if index is not None else _demuxed(path, first)
        slots = _slots(container, stream, stamps)
        rate = _Rate.of(stamps, stream) if slots is None else _Rate.of_slots(slots)
        orientation = Orientation.of(picture)
        width, height = picture.width, picture.height
        if orientation.transpose:
            width, height = height, width
        reordered = bool(stream.codec_context.has_b_frames)
        zero = first if slots is None or reordered else slots.start
        return VideoInfo(
            width=width,
            height=height,
            fps=float(rate.fps),
            variable_rate=rate.variable,
            codec=stream.codec_context.name,
            promised_frames=_promised(container, stream, index, cut_off=cut_off),
            duration=_duration(container, stream, rate, len(stamps), zero),
            has_audio=audio_stream(container) is not None,
            rotation=orientation.degrees,
            zero=zero,
            warnings=(
                *_missing_lead(lead),
                *_told_transparent(transparent),
                *_told_primaries(picture),
                *(() if cut_off else _lying_head(stream, slots)),
                *_warnings(container, stream, rate),
            ),
            slots=slots,
            reordered=reordered,
            cut_off=cut_off,
            interlaced=picture.interlaced_frame,
            dynamic_range=dynamic_range(picture),
            ipt=stream.codec_context.name in ("hevc", "av1") and is_ipt(path),
            transparent=transparent,
        )


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is to decode, as the head of a file has it: frames, pixels of a picture, seconds."""

    frames: float = 0.0
    pixels: int = 0
    seconds: float = 0.0


def extent(path: Path) -> Extent:
    """The extent of a video at the price of opening it: nothing is decoded, and the head is believed.

    A file that cannot be opened has none: whoever reads it says why.
    """
    try:
        with open_media(path) as container:
            stream = video_stream(container, path)
            rate = float(stream.average_rate or 25)
            if stream.duration is not None and stream.time_base is not None:
                seconds = float(stream.duration * stream.time_base)
            else:
                seconds = (container.duration or 0) / av.time_base
            frames = float(stream.frames or seconds * rate)
            return Extent(frames, stream.codec_context.width * stream.codec_context.height, seconds or frames / rate)
    except MediaError:
        return Extent()


def first_picture_time(path: Path) -> float:
    """When the first frame is shown, in seconds on the container's clock; 0 for a file without picture.

    Raises:
        MediaError: the file cannot be read.
    """
    with open_media(path) as container:
        if not picture_tracks(container):
            return 0.0
        if container.format.name != "avi":
            picture = next(pictures(container, video_stream(container, path), Damage()), None)
            return 0.0 if picture is None else _seconds(picture)
    return probe(path).zero


def _index(container: InputContainer, stream: VideoStream) -> list[float] | None:
    """Decoding times of all shown frames in seconds by the container's index, None where it has no full one.

    An AVI's head counts slots, and its index the frames in them.
    """
    entries = stream.index_entries
    if stream.time_base is None or not entries or not stream.frames:
        return None
    counted = entries[-1].timestamp + 1 + STRAY if container.format.name == "avi" else len(entries)
    if counted < stream.frames or (counted > stream.frames and container.format.name != "avi"):
        return None
    # AVI marks the place of a frame that was left out by an empty entry.
    shown = [entry for entry in entries if entry.size and not entry.is_discard]
    return [float(entry.timestamp * stream.time_base) for entry in shown]


def _promised(
    container: InputContainer, stream: VideoStream, index: list[float] | None, *, cut_off: bool
) -> int | None:
    if index is not None:
        return len(index)
    return stream.frames or None if cut_off and container.format.name == "avi" else None


def _demuxed(path: Path, first: float) -> tuple[list[float], float]:
    """Times of all frames in seconds, from that of the `first` one that can be shown, and how much lies before it.

    They are found by reading the file through without decoding.
    """
    stamps: list[float] = []
    begins_whole = True
    with open_media(path) as container, suppress(av.FFmpegError):  # decoding meets the damage again and reports it
        for packet in container.demux(video_stream(container, path)):
            stamp = packet.dts if packet.pts is None else packet.pts
            if stamp is not None and packet.size:
                begins_whole = packet.is_keyframe if not stamps else begins_whole
                stamps.append(float(stamp * packet.time_base))
    if begins_whole or min(stamps) >= first:
        return sorted(stamps), 0.0
    return sorted(stamp for stamp in stamps if stamp >= first), first - min(stamps)


def _slots(container: InputContainer, stream: VideoStream, stamps: list[float]) -> Slots | None:
    if container.format.name != "avi" or not stream.time_base or len(stamps) < 2:
        return None
    return Slots.of(stamps, stream.time_base)


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
        # Where stamps lie hours apart the nearest such fraction is 0.
        return cls(Fraction(1 / mean).limit_denominator(1001) or Fraction(1, math.ceil(mean)), variable)

    @classmethod
    def of_slots(cls, slots: Slots) -> _Rate:
        """That of an AVI's slots, but for more than stray empty ones."""
        rate = 1 / slots.period
        if slots.even:
            return cls(rate, variable=False)
        share = Fraction(len(slots.filled) - 1, slots.filled[-1] - slots.filled[0])
        return cls(rate * share, variable=True)


def _seconds(picture: av.VideoFrame) -> float:
    if picture.pts is None or picture.time_base is None:
        return 0.0
    return float(picture.pts * picture.time_base)


def _duration(container: InputContainer, stream: VideoStream, rate: _Rate, frames: int, zero: float) -> float | None:
    clock = _CLOCK.match(stream.metadata.get("DURATION", ""))  # Matroska's head, kept when the end is cut off
    if clock is not None:
        hours, minutes, seconds = (float(part) for part in clock.groups())
        return 3600 * hours + 60 * minutes + seconds - zero
    if frames:
        return float(frames / rate.fps)
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / 1e6


def _missing_lead(lead: float) -> Iterator[str]:
    if lead:
        yield f"it begins without a key frame: its first {lead:.2f} s cannot be decoded and are left out"


def _transparent(picture: av.VideoFrame) -> float:
    if not picture.format.name.startswith(_WITH_ALPHA):
        return 0.0
    return float((picture.reformat(format="rgba", threads=1).to_ndarray()[..., 3] < 255).mean())


def _told_transparent(share: float) -> Iterator[str]:
    if share:
        yield f"its first picture is transparent in {share:.0%} of its pixels: the colours hidden there are used"


def _told_primaries(picture: av.VideoFrame) -> Iterator[str]:
    if is_p3(picture):
        yield "its colours have P3 primaries and are read as if they were BT.709's: paler than they were meant"


def _lying_head(stream: VideoStream, slots: Slots | None) -> Iterator[str]:
    """An AVI whose head counts more slots than there are, though the file is whole."""
    if slots is not None and stream.frames > slots.filled[-1] + 1 + STRAY:
        yield f"{slots.filled[-1] + 1} of {stream.frames} promised frames are there: heads of AVI files are estimates"


def _warnings(container: InputContainer, stream: VideoStream, rate: _Rate) -> tuple[str, ...]:
    found = []
    if rate.variable:
        found.append(f"variable frame rate: {float(rate.fps):.3g} frames a second on average")
    aspect = stream.codec_context.sample_aspect_ratio
    if aspect and abs(aspect - 1) > 0.01:
        found.append(f"pixels are not square ({aspect}): frames are used as stored")
    tracks = picture_tracks(container)
    if len(tracks) > 1:
        number = 1 + [track.index for track in tracks].index(stream.index)
        size = f"{stream.codec_context.width}x{stream.codec_context.height}"
        found.append(
            f"{len(tracks)} video streams: number {number} ({stream.codec_context.name}, {size}) is used, by the mark "
            "of the default one or as the first"
        )
    if len(container.streams.audio) > 1:
        track = audio_stream(container)
        if track is not None:
            number = 1 + [stream.index for stream in container.streams.audio].index(track.index)
            found.append(
                f"{len(container.streams.audio)} sound tracks: number {number} ({track.codec_context.name}) is used"
            )
    return tuple(found)
