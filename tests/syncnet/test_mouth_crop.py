"""Mouth crops: golden regions and pixels of the public rule, and the resize against its definition in scalars."""

import numpy as np
import pytest
from PIL import Image
from scipy.signal import medfilt

from syncnet import mouth_crop
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
        got = mouth_crop.region(*map(float, values))
        assert (got.top, got.bottom, got.left, got.right) == tuple(expected[i])


@pytest.mark.shared
@needs(LSE)
def test_golden_crops_bit_for_bit():
    strip = np.asarray(Image.open(GOLDEN / "metrics" / "frames" / "wda_k.ref.png")).reshape(24, 256, 256, 3)
    frames = strip.transpose(0, 3, 1, 2)
    with np.load(LSE / "cropcheck.wda_k.npz") as file:
        regions = [mouth_crop.Region(*map(int, row)) for row in file["region"]]
    assert any(r.top < 0 or r.bottom > 256 or r.left < 0 or r.right > 256 for r in regions)
    got = np.stack([mouth_crop.crop(frame, where) for frame, where in zip(frames, regions, strict=True)])
    np.testing.assert_array_equal(got, crops("cropcheck.wda_k.png").numpy())


def test_crop_swaps_channels_and_fills_with_grey():
    frame = np.zeros((3, 64, 64), np.uint8)
    frame[0] = 200
    inside = mouth_crop.crop(frame, mouth_crop.Region(10, 50, 10, 50))
    assert inside[:, 100, 100].tolist() == [0, 0, 200]
    far = mouth_crop.crop(frame, mouth_crop.Region(-90, -10, 0, 80))
    assert (far == 110).all()
    corner = mouth_crop.crop(frame, mouth_crop.Region(-30, 30, -30, 30))
    assert corner[:, 0, 0].tolist() == [110, 110, 110]
    assert corner[:, 223, 223].tolist() == [0, 0, 200]


def test_whole_takes_the_frame_as_it_is():
    frame = np.random.default_rng(2).integers(0, 256, (3, 224, 224), dtype=np.uint8)
    np.testing.assert_array_equal(mouth_crop.whole(frame), frame[[2, 1, 0]])
