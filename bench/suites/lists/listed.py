"""A clip as a published list names it: which part of which raw video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.clips import Box
from bench.errors import BenchError

_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Span:
    """Frames `start` ≤ n < `end`, counted at `fps` frames a second; `fps` None counts the video's own frames.

    A span of seconds has `fps` 1.
    """

    start: float
    end: float
    fps: float | None

    def seconds(self, own_fps: float) -> tuple[float, float]:
        """From when to when in a video at `own_fps`: its frame n belongs to the span where start ≤ n / own_fps < end.

        Counted frames of the video itself begin half a frame earlier, for rounding must not lose the first.
        """
        if self.fps is not None:
            return self.start / self.fps, self.end / self.fps
        return max(self.start - 0.5, 0.0) / own_fps, (self.end - 0.5) / own_fps


@dataclass(frozen=True, slots=True)
class ListedBox:
    """A crop: `left`, `top`, `right`, `bottom` in a picture of `width` × `height`; None for the video's own.

    Where only the height is listed the width follows from the video's aspect ratio. Relative boxes have both 1.
    """

    left: float
    top: float
    right: float
    bottom: float
    width: float | None = None
    height: float | None = None

    def within(self, width: int, height: int) -> Box:
        """The box in a video of that size: edges scaled, truncated to whole pixels, and kept inside the picture."""
        down = height / self.height if self.height else 1.0
        across = width / self.width if self.width else down
        return Box(
            left=min(max(int(self.left * across), 0), width - 1),
            top=min(max(int(self.top * down), 0), height - 1),
            right=min(max(int(self.right * across), 1), width),
            bottom=min(max(int(self.bottom * down), 1), height),
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """One clip: its `id`, the name of its raw `video` (no suffix), and what is cut out of that."""

    id: str
    video: str
    span: Span | None = None
    box: ListedBox | None = None
    person: str | None = None


def read_text(path: Path, what: str) -> str:
    """The text of a list file; a byte-order mark is no part of it.

    Raises:
        BenchError: it is missing or no UTF-8 text; the sentence says what file to put there.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BenchError(f"{path} is missing: put {what} there") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"{path} cannot be read ({error}): put {what} there") from None


def whole(text: str) -> int:
    """A count of frames, pixels or seconds out of a list.

    Raises:
        ValueError: it is no whole number, or beyond all that is counted here.
    """
    if len(text) > _DIGITS:
        raise ValueError(f"{len(text)} digits")
    return int(text)


def part(text: str) -> float:
    """A part of a picture's side out of a list.

    Raises:
        ValueError: it is no number, or far outside of the picture.
    """
    value = float(text)
    if not abs(value) < 10**_DIGITS:
        raise ValueError(text)
    return value


def wrong_line(path: Path, number: int, line: str, form: str) -> BenchError:
    """The error for a line of another format."""
    return BenchError(f"{path}, line {number}: '{line}' is not '{form}': get the published list again")
