"""Kinds of video files: which are written, and which are taken for videos."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

VideoCodec = Literal["h264", "ffv1", "png"]


SUFFIXES: dict[VideoCodec, str] = {"h264": ".mp4", "ffv1": ".mkv", "png": ""}


VIDEO_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in "3gp avi flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf nut ogv ts vob webm wmv y4m".split()  # noqa: SIM905
)

ANIMATIONS = frozenset({".gif", ".apng", ".webp"})
"""Moving pictures, which count where no video of their name lies beside them: many are previews."""


def videos_among(paths: Iterable[Path]) -> list[Path]:
    """The files that are videos by their suffix, and animations of which there is no video; a still WebP is none."""
    files = [path for path in paths if path.is_file()]
    videos = [path for path in files if path.suffix.lower() in VIDEO_SUFFIXES]
    named = {(path.parent, path.stem) for path in videos}
    return videos + [
        path
        for path in files
        if path.suffix.lower() in ANIMATIONS and (path.parent, path.stem) not in named and not _is_still(path)
    ]


def is_animated_webp(path: Path) -> bool:
    """Whether a file is a WebP that says that it moves."""
    with path.open("rb") as file:
        head = file.read(21)
    return head[8:16] == b"WEBPVP8X" and bool(head[20] & 2)


def _is_still(path: Path) -> bool:
    return path.suffix.lower() == ".webp" and not is_animated_webp(path)
