"""Kinds of video files: which are written, and which are taken for videos."""

from __future__ import annotations

from typing import Literal

VideoCodec = Literal["h264", "ffv1", "png"]


SUFFIXES: dict[VideoCodec, str] = {"h264": ".mp4", "ffv1": ".mkv", "png": ""}


VIDEO_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in "3gp avi flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf nut ogv ts vob webm wmv y4m".split()  # noqa: SIM905
)
