"""From a decoded picture to upright RGB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import av
import numpy as np
from av.sidedata.sidedata import SideData
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from bench.media._pictures.tone_map import dynamic_range, is_wide, to_sdr
from bench.media.picture_rules import Hdr

Conversion = Literal["accurate", "ffmpeg"]

FLAGS: dict[Conversion, Interpolation] = {
    "accurate": Interpolation.BICUBIC
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
    | Interpolation.BITEXACT,
    "ffmpeg": Interpolation.BICUBIC,
}
"""How swscale turns YUV into RGB.

`accurate` interpolates chroma at full resolution and rounds once. `ffmpeg` is what the ffmpeg command, imageio and
OpenCV do by default: faster, chroma repeated, and 1.0 to 1.5 levels too dark on average.
"""

_UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED


class ToRgb:
    """Converts decoded pictures to RGB with the matrix and range that each is flagged with.

    A picture without a matrix flag is taken as BT.601 and one without a range flag as limited range, as ffmpeg does;
    10- and 12-bit pictures are scaled and rounded to 8 bit. HDR and BT.2020 pictures become SDR, unless they are to be
    read as `hdr` "stored".
    """

    def __init__(self, conversion: Conversion = "accurate", hdr: Hdr = "tone-map") -> None:
        self._flags = FLAGS[conversion]
        self._hdr = hdr
        self._reformatter = VideoReformatter()

    def __call__(self, picture: av.VideoFrame) -> NDArray[np.uint8]:
        """(H, W, 3) uint8, as stored: not yet upright."""
        kind = dynamic_range(picture)
        if kind != "SDR" and self._hdr != "stored":
            return to_sdr(self._converted(picture, "rgb48le", Colorspace.BT2020), kind, wide=is_wide(picture))
        return np.asarray(self._converted(picture, "rgb24", Colorspace.ITU601), dtype=np.uint8)

    def _converted(self, picture: av.VideoFrame, pixel_format: str, otherwise: Colorspace) -> NDArray[Any]:
        """(H, W, 3) in a format of RGB; a picture that is flagged with no matrix has that of `otherwise`."""
        matrix = {"src_colorspace": otherwise} if picture.colorspace == _UNSPECIFIED else {}
        rgb = self._reformatter.reformat(
            picture,
            format=pixel_format,
            interpolation=self._flags,
            src_color_range=_range(picture),
            dst_color_range=ColorRange.JPEG,
            threads=1,
            **matrix,
        )
        return rgb.to_ndarray()


def _range(picture: av.VideoFrame) -> int:
    if picture.color_range:
        return picture.color_range
    full = picture.format.is_rgb or picture.format.name.startswith(("yuvj", "gray", "pal8"))
    return ColorRange.JPEG if full else ColorRange.MPEG


@dataclass(frozen=True, slots=True)
class Orientation:
    """How stored pictures are turned to stand upright: transposed first, then mirrored."""

    transpose: bool = False
    flip_rows: bool = False
    flip_columns: bool = False

    @classmethod
    def of(cls, picture: av.VideoFrame) -> Orientation:
        """The display matrix that travels with a picture, rounded to a right angle."""
        matrix = picture.side_data.get("DISPLAYMATRIX")
        if not isinstance(matrix, SideData):
            return cls()
        # Rows (a b u)(c d v)(x y w), 16.16 fixed point: a pixel at (x, y) is shown at (a x + c y, b x + d y).
        a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(flip_rows=d < 0, flip_columns=a < 0)
        return cls(transpose=True, flip_rows=b < 0, flip_columns=c < 0)

    @property
    def degrees(self) -> int:
        """Clockwise turn that makes stored pictures upright: 0, 90, 180 or 270 (mirroring left out)."""
        if not self.transpose:
            return 180 if self.flip_rows else 0
        return 90 if self.flip_columns else 270

    def upright(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(H, W, 3) as stored → as shown; a view."""
        if self.transpose:
            rgb = rgb.swapaxes(0, 1)
        return rgb[:: -1 if self.flip_rows else 1, :: -1 if self.flip_columns else 1]


@dataclass(slots=True)
class Orientations:
    """The orientation of one picture of a stream after the other.

    Asking a picture for its display matrix ties it into a reference cycle inside PyAV: its megabytes then wait for the
    garbage collector, and a long or large video for more memory than there is. So the matrix is read once, and anew
    when the rotation changes, which is told without it (a mere mirroring halfway through a file is not).
    """

    _rotation: int | None = None
    _orientation: Orientation = Orientation()

    def of(self, picture: av.VideoFrame) -> Orientation:
        """How `picture` is turned."""
        if picture.rotation != self._rotation:
            self._rotation, self._orientation = picture.rotation, Orientation.of(picture)
        return self._orientation
