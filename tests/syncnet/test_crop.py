"""Mouth crops: golden regions and pixels of the public rule, and the resize against its definition in scalars."""

import math

import numpy as np
import pytest
from PIL import Image
from scipy.signal import medfilt

from syncnet import crop
from tests.material import GOLDEN, needs
from tests.syncnet.golden import crops

LSE = GOLDEN / "metrics" / "lse"


@pytest.mark.shared
@needs(LSE)
@pytest.mark.parametrize("track", ["wda_a.track.npz", "cropcheck.wda_k.npz"])
def test_golden_regions(track):
    with np.load(LSE / track) as file:
        box, expected = file["box"], file["region"]
    size = np.maximum(box[:, 3] - box[:, 1], box[:, 2] - box[:, 0]) / 2
    x, y = (box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2
    for i, values in enumerate(zip(*(medfilt(v, 13) for v in (size, x, y)), strict=True)):
        got = crop.region(*map(float, values))
        assert (got.top, got.bottom, got.left, got.right) == tuple(expected[i])


@pytest.mark.shared
@needs(LSE)
def test_golden_crops_bit_for_bit():
    strip = np.asarray(Image.open(GOLDEN / "metrics" / "frames" / "wda_k.ref.png")).reshape(24, 256, 256, 3)
    frames = strip.transpose(0, 3, 1, 2)
    with np.load(LSE / "cropcheck.wda_k.npz") as file:
        regions = [crop.Region(*map(int, row)) for row in file["region"]]
    assert any(r.top < 0 or r.bottom > 256 or r.left < 0 or r.right > 256 for r in regions)
    got = np.stack([crop.crop(frame, where) for frame, where in zip(frames, regions, strict=True)])
    np.testing.assert_array_equal(got, crops("cropcheck.wda_k.png").numpy())


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
    (got,) = crop.resize(source[None])
    places = [(0, 0), (0, 223), (223, 0), (223, 223), *draw.integers(0, 224, (200, 2)).tolist()]
    assert [int(got[p]) for p in map(tuple, places)] == [resized_by_hand(source, 224, *p) for p in places]


def test_reduction_to_half_is_the_mean_of_four():
    source = np.random.default_rng(0).integers(0, 256, (3, 448, 448), dtype=np.uint8)
    mean = source.reshape(3, 224, 2, 224, 2).mean((2, 4))
    np.testing.assert_array_equal(crop.resize(source), np.floor(mean + 0.5))


def test_resize_keeps_flat_pictures_and_their_size():
    for value in (0, 110, 255):
        assert (crop.resize(np.full((3, 301, 97), value, np.uint8)) == value).all()
    right = np.random.default_rng(1).integers(0, 256, (3, 224, 224), dtype=np.uint8)
    np.testing.assert_array_equal(crop.resize(right), right)


def test_crop_swaps_channels_and_fills_with_grey():
    frame = np.zeros((3, 64, 64), np.uint8)
    frame[0] = 200
    inside = crop.crop(frame, crop.Region(10, 50, 10, 50))
    assert inside[:, 100, 100].tolist() == [0, 0, 200]
    far = crop.crop(frame, crop.Region(-90, -10, 0, 80))
    assert (far == 110).all()
    corner = crop.crop(frame, crop.Region(-30, 30, -30, 30))
    assert corner[:, 0, 0].tolist() == [110, 110, 110]
    assert corner[:, 223, 223].tolist() == [0, 0, 200]


def test_whole_takes_the_frame_as_it_is():
    frame = np.random.default_rng(2).integers(0, 256, (3, 224, 224), dtype=np.uint8)
    np.testing.assert_array_equal(crop.whole(frame), frame[[2, 1, 0]])
