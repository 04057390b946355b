"""Settings: how the head pose of the driving video is used in a reconstruction."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from bench.errors import BenchError

PoseMode = Literal["absolute", "relative"]

_SYNTAX = (
    "write 'original' or 'free-view:YAW,PITCH,ROLL' in degrees, '-' for an angle that stays driven, "
    "'@relative' behind it to add to the driving pose"
)
_FREE_VIEW = re.compile(r"free-view:([^,@]+),([^,@]+),([^,@]+)(?:@(absolute|relative))?")


@dataclass(frozen=True, slots=True)
class Setting:
    """`original`, or a free view at given head-pose angles.

    `yaw`, `pitch`, `roll` are degrees in the convention of the public face-vid2vid code (R = Rx(pitch) Ry(yaw) Rz(roll)
    on column vectors); `None` leaves that angle as it is driven. All three `None` is the setting `original`.
    `mode` says what a given angle does: `absolute` replaces the driving angle (the public code's free view),
    `relative` adds to it (the paper's).
    """

    yaw: float | None = None
    pitch: float | None = None
    roll: float | None = None
    mode: PoseMode = "absolute"

    @classmethod
    def parse(cls, text: str) -> Setting:
        """Read `original`, `free-view:30,10,0`, `free-view:30,-,-` or `free-view:30,10,0@relative`.

        Raises:
            BenchError: the text is none of these, or an angle is not a finite number within ±180.

        Example:
            >>> view = Setting.parse("free-view:30,10,-")
            >>> view.yaw, view.pitch, view.roll, view.mode
            (30.0, 10.0, None, 'absolute')
            >>> str(view), view.folder
            ('free-view:30,10,-', 'free-view_30,10,-')
            >>> Setting.parse("original").is_original
            True
        """
        text = text.strip()
        if text == "original":
            return cls()
        match = _FREE_VIEW.fullmatch(text)
        if match is None:
            raise BenchError(f"setting '{text}' is not understood: {_SYNTAX}")
        yaw, pitch, roll = (_angle(part.strip(), text) for part in match.groups()[:3])
        if yaw is pitch is roll is None:
            raise BenchError(f"setting '{text}' leaves every angle driven: use 'original'")
        mode: PoseMode = "relative" if match[4] == "relative" else "absolute"
        return cls(yaw, pitch, roll, mode)

    @property
    def is_original(self) -> bool:
        """Whether the driving pose is used as it is."""
        return self.yaw is None and self.pitch is None and self.roll is None

    @property
    def folder(self) -> str:
        """The setting as a folder name that every file system takes."""
        return str(self).replace(":", "_")

    def __str__(self) -> str:
        if self.is_original:
            return "original"
        angles = ",".join(degrees(angle) for angle in (self.yaw, self.pitch, self.roll))
        return f"free-view:{angles}" + ("@relative" if self.mode == "relative" else "")


def degrees(angle: float | None) -> str:
    """An angle exactly, in as few digits as that takes; `-` for one that stays driven."""
    return "-" if angle is None else repr(float(angle) + 0.0).removesuffix(".0")  # -0.0 prints as "-0"


def _angle(part: str, text: str) -> float | None:
    if part == "-":
        return None
    try:
        angle = float(part)
    except ValueError:
        angle = math.nan
    if not abs(angle) <= 180:
        raise BenchError(f"setting '{text}': '{part}' is not an angle between -180 and 180 degrees: {_SYNTAX}")
    return angle + 0.0
