import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace

from bench.media._pictures.colour import Orientation, Orientations, ToRgb

WEIGHTS = {Colorspace.ITU601: (0.299, 0.114), Colorspace.ITU709: (0.2126, 0.0722), Colorspace.BT2020: (0.2627, 0.0593)}
FLAG = {
    Colorspace.ITU601: 6,
    Colorspace.ITU709: 1,
    Colorspace.BT2020: 9,
}  # swscale's and FFmpeg's numbers of one matrix


def flat(levels: tuple[int, int, int], *, pix_fmt: str = "yuv420p", side: int = 16) -> av.VideoFrame:
    """A picture of one colour, given as (Y, Cb, Cr) code values."""
    frame = av.VideoFrame(side, side, pix_fmt)
    kind = np.uint8 if pix_fmt.endswith("p") else np.dtype("<u2")
    for plane, level in zip(frame.planes, levels, strict=True):
        plane.update(np.full(plane.buffer_size // np.dtype(kind).itemsize, level, kind).tobytes())
    return frame


def by_definition(levels, matrix: Colorspace, *, full: bool, bits: int = 8) -> np.ndarray:
    """ITU-R BT.601/709/2020: R'G'B' 0–255, unrounded, from Y'CbCr code values."""
    red, blue = WEIGHTS[matrix]
    y, cb, cr = (level / 2 ** (bits - 8) for level in levels)
    luma = y / 255 if full else (y - 16) / 219
    cb, cr = ((chroma - 128) / (255 if full else 224) for chroma in (cb, cr))
    r, b = luma + 2 * (1 - red) * cr, luma + 2 * (1 - blue) * cb
    g = (luma - red * r - blue * b) / (1 - red - blue)
    return np.clip(255 * np.array([r, g, b]), 0, 255)


COLOURS = [
    (16, 128, 128),
    (235, 128, 128),
    (126, 128, 128),
    (81, 90, 240),
    (145, 54, 34),
    (41, 200, 110),
    (180, 100, 150),
]


@pytest.mark.parametrize("matrix", WEIGHTS)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("levels", COLOURS)
def test_matrix_and_range_are_honoured(matrix, full, levels):
    frame = flat(levels)
    frame.colorspace, frame.color_range = FLAG[matrix], ColorRange.JPEG if full else ColorRange.MPEG
    rgb = ToRgb()(frame)
    assert np.ptp(rgb.reshape(-1, 3), axis=0).tolist() == [0, 0, 0]
    np.testing.assert_allclose(rgb[0, 0], by_definition(levels, matrix, full=full), atol=0.75)


@pytest.mark.parametrize("levels", COLOURS)
def test_unflagged_pictures_are_bt601_limited(levels):
    np.testing.assert_allclose(
        ToRgb()(flat(levels))[0, 0], by_definition(levels, Colorspace.ITU601, full=False), atol=0.75
    )


def test_unflagged_yuvj_is_full_range():
    rgb = ToRgb()(flat((255, 128, 128), pix_fmt="yuvj420p"))
    assert rgb[0, 0].tolist() == [255, 255, 255]


def test_ten_bits_are_scaled_and_rounded_not_cut():
    greys = range(64, 941)
    ours = np.array([ToRgb()(flat((level, 512, 512), pix_fmt="yuv420p10le"))[0, 0] for level in greys], dtype=float)
    exact = np.array([by_definition((level, 512, 512), Colorspace.ITU601, full=False, bits=10) for level in greys])
    assert np.abs(ours - exact).max() <= 0.6
    assert abs((ours - exact).mean()) < 0.02  # cutting two bits off would be 0.37 too dark


def test_the_fast_conversion_is_what_ffmpeg_does_by_default():
    frame = flat((81, 90, 240))
    assert ToRgb("ffmpeg")(frame)[0, 0].tolist() == frame.to_ndarray(format="rgb24")[0, 0].tolist()


@pytest.mark.parametrize("grey", ["gray", "gray10le"])
def test_grey_pictures_are_full_range(grey):
    frame = av.VideoFrame(16, 16, grey)
    white = b"\xff" if grey == "gray" else b"\xff\x03"
    frame.planes[0].update(white * (frame.planes[0].buffer_size // len(white)))
    assert ToRgb()(frame)[0, 0].tolist() == [255, 255, 255]


ARROW = np.zeros((2, 3, 3), np.uint8)
ARROW[0, :, 0] = [1, 2, 3]
ARROW[1, :, 0] = [4, 5, 6]


@pytest.mark.parametrize(
    ("orientation", "upright", "degrees"),
    [
        (Orientation(), [[1, 2, 3], [4, 5, 6]], 0),
        (Orientation(flip_columns=True), [[3, 2, 1], [6, 5, 4]], 0),
        (Orientation(flip_rows=True, flip_columns=True), [[6, 5, 4], [3, 2, 1]], 180),
        (Orientation(transpose=True, flip_columns=True), [[4, 1], [5, 2], [6, 3]], 90),
        (Orientation(transpose=True, flip_rows=True), [[3, 6], [2, 5], [1, 4]], 270),
    ],
)
def test_orientations(orientation, upright, degrees):
    assert orientation.upright(ARROW)[..., 0].tolist() == upright
    assert orientation.degrees == degrees


class Stored:
    """A picture as far as its orientation goes; counts how often its display matrix is asked for."""

    asked = 0

    def __init__(self, rotation: int) -> None:
        self.rotation = rotation

    @property
    def side_data(self):
        Stored.asked += 1
        return {}


def test_the_display_matrix_is_read_again_only_when_the_rotation_changes():
    orientations = Orientations()
    Stored.asked = 0
    for rotation in (0, 0, 0, 90, 90, 0):
        assert orientations.of(Stored(rotation)) == Orientation()
    assert Stored.asked == 3
