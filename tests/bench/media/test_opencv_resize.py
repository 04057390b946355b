"""OpenCV's 8-bit resize against its definition in scalars."""

import math

import numpy as np
import pytest

from bench.media.opencv_resize import resize


def resized_by_hand(source: np.ndarray, side: int, row: int, column: int) -> int:
    """One pixel of OpenCV's 8-bit bilinear resize, from its definition."""
    height, width = source.shape

    def place(index: int, size: int) -> tuple[int, float]:
        centre = float(np.float32((index + 0.5) * (size / side) - 0.5))
        return math.floor(centre), float(np.float32(centre) - np.float32(math.floor(centre)))

    (y, fy), (x, fx) = place(row, height), place(column, width)
    if x < 0 or x >= width - 1:
        x, fx = min(max(x, 0), width - 1), 0.0
    rows = [min(max(y + k, 0), height - 1) for k in (0, 1)]
    a, b = round((1 - fx) * 2048), round(fx * 2048)
    sums = [int(source[r, x]) * a + int(source[r, min(x + 1, width - 1)]) * b for r in rows]
    c, d = round((1 - fy) * 2048), round(fy * 2048)
    return (((c * (sums[0] >> 4)) >> 16) + ((d * (sums[1] >> 4)) >> 16) + 2) >> 2


@pytest.mark.parametrize("size", [(37, 91), (150, 150), (224, 300), (447, 449), (700, 260), (1, 1)])
def test_resize_against_scalars(size):
    draw = np.random.default_rng(sum(size))
    source = draw.integers(0, 256, size, dtype=np.uint8)
    (got,) = resize(source[None], 224, 224)
    places = [(0, 0), (0, 223), (223, 0), (223, 223), *draw.integers(0, 224, (200, 2)).tolist()]
    assert [int(got[p]) for p in map(tuple, places)] == [resized_by_hand(source, 224, *p) for p in places]


def test_reduction_to_half_is_the_mean_of_four():
    source = np.random.default_rng(0).integers(0, 256, (3, 448, 448), dtype=np.uint8)
    mean = source.reshape(3, 224, 2, 224, 2).mean((2, 4))
    np.testing.assert_array_equal(resize(source, 224, 224), np.floor(mean + 0.5))


def test_resize_keeps_flat_pictures_and_their_size():
    for value in (0, 110, 255):
        assert (resize(np.full((3, 301, 97), value, np.uint8), 224, 224) == value).all()
    right = np.random.default_rng(1).integers(0, 256, (3, 224, 224), dtype=np.uint8)
    np.testing.assert_array_equal(resize(right, 224, 224), right)


def test_a_given_step_takes_every_fourth_pair():
    source = np.random.default_rng(3).integers(0, 256, (1, 10, 13), dtype=np.uint8)
    got = resize(source, 2, 3, step=4.0)
    middle = source[0].astype(int)
    for row in range(2):
        for column in range(3):
            y, x = 4 * row + 1, 4 * column + 1
            mean = middle[y : y + 2, x : x + 2].sum() / 4
            assert abs(got[0, row, column] - mean) <= 1
