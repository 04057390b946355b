"""Media files opened: the errors that a user can mend, and which stream is meant."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from bench.errors import MediaError
from bench.files.presence import is_file, is_there
from bench.media._pictures.limits import MOST_PIXELS, check_size

Track = TypeVar("Track", VideoStream, AudioStream)

_PICTURES = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
_LEAD = 1.0  # seconds decoded before a cut
_SEEK_FROM = 5.0  # seconds: nearer starts are reached by decoding
_EXACT_SEEK = ("mov", "matroska")
_HEAD = 1 << 20
_CODEC = re.compile(rb"vids([ -~]{4})|vmhd.{0,4000}?stsd.{12}([ -~]{4})|(V_[A-Z0-9/_]+)", re.DOTALL)
_REMEDY = "get the file again, or re-encode it with ffmpeg"


@contextmanager
def open_media(path: Path) -> Iterator[InputContainer]:
    """The file's container, closed at the end.

    Raises:
        MediaError: there is no such file, it is empty, or it is not a media file that FFmpeg can read.
    """
    if not is_there(path):
        raise MediaError(f"{path} does not exist: check the path")
    if not is_file(path):
        raise MediaError(f"{path} is not a file: name a video file")
    if path.stat().st_size == 0:
        raise MediaError(f"{path} is empty (0 bytes): {_REMEDY}")
    try:
        # An absolute path: FFmpeg takes 'file:clip.mp4' and '10:30.mp4' for addresses.
        container = av.open(str(path.absolute()), metadata_errors="replace")
    except av.FFmpegError as error:
        raise MediaError(f"{path} {_why_unreadable(path, error)}: {_REMEDY}") from error
    except OSError as error:
        raise MediaError(f"{path} cannot be opened ({error.strerror or error}): check its permissions") from error
    with container:
        yield container


def seek_before(container: InputContainer, start: float) -> bool:
    """Go to a key frame at least a second before `start` seconds, where decoders have settled by then.

    False, and no move, for near starts and for containers whose time stamps after a jump are guesses.
    """
    if start <= _SEEK_FROM or not container.format.name.startswith(_EXACT_SEEK):
        return False
    container.seek(round((start - _LEAD) * av.time_base), backward=True)
    return True


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The picture track: of those that can be decoded the one marked default, else the first.

    Raises:
        MediaError: there is none, or its pictures are too large.
    """
    tracks = picture_tracks(container)
    if not tracks:
        what = "only a cover picture" if container.streams.video else "no video stream"
        raise MediaError(f"{path} has {what}: give a file with a moving picture")
    known = [track for track in tracks if track.codec_context is not None]
    if not known:
        raise MediaError(
            f"{path} has video of a codec that FFmpeg cannot decode here ({_codec_name(path)}): "
            "re-encode it with the program that made it"
        )
    stream = _default(known)
    check_size(stream.codec_context.width, stream.codec_context.height, path)
    # Pictures that turn out to be larger than the head says are damage.
    stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
    return stream


def picture_tracks(container: InputContainer) -> list[VideoStream]:
    """The picture tracks; cover pictures are none."""
    return [stream for stream in container.streams.video if not stream.disposition & _PICTURES]


def audio_stream(container: InputContainer) -> AudioStream | None:
    """The sound track: the one marked default, else the first; None without one."""
    tracks = [stream for stream in container.streams.audio if stream.codec_context is not None]
    return _default(tracks) if tracks else None


def _default(tracks: list[Track]) -> Track:
    return next((track for track in tracks if track.disposition & Disposition.default), tracks[0])


def _codec_name(path: Path) -> str:
    """What an AVI, MP4 or Matroska file calls the codec of its video."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        file.seek(-min(_HEAD, path.stat().st_size), os.SEEK_END)
        found = _CODEC.search(head) or _CODEC.search(file.read())
    return "without a name" if found is None else repr(next(filter(None, found.groups())).decode("ascii", "replace"))


def _why_unreadable(path: Path, error: av.FFmpegError) -> str:
    head = path.open("rb").read(1 << 16) if path.stat().st_size else b""
    if head[4:8] in (b"ftyp", b"mdat", b"free", b"wide", b"skip") and isinstance(error, av.InvalidDataError):
        return "is an MP4 file without its index (moov): it was cut off before its end"
    if isinstance(error, av.InvalidDataError):
        return "is not a video file that can be read"
    return f"cannot be read ({error.strerror})"
