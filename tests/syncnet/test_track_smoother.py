"""Smoothing a track as it comes equals smoothing the whole track."""

import numpy as np
import pytest
from scipy.signal import medfilt

from syncnet.mouth_crop import region
from syncnet.track_smoother import TrackSmoother


@pytest.mark.filterwarnings("ignore:kernel_size exceeds")
@pytest.mark.parametrize("frames", [7, 8, 12, 13, 40])
def test_equals_the_filter_over_the_whole_track(frames):
    draw = np.random.default_rng(frames)
    corner = draw.normal(100, 8, (frames, 2))
    boxes = np.concatenate([corner, corner + draw.normal(80, 8, (frames, 2))], axis=1)
    half = np.maximum(boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0]) / 2
    x, y = boxes[:, ::2].mean(axis=1), boxes[:, 1::2].mean(axis=1)
    whole = [region(*map(float, v)) for v in zip(*(medfilt(values, 13) for values in (half, x, y)), strict=True)]
    smoother = TrackSmoother()
    streamed = [smoother.push(box) for box in boxes]
    assert streamed[:6] == [None] * 6
    assert streamed[6:] + smoother.close() == whole


def test_a_track_of_six_frames_has_no_regions():
    smoother = TrackSmoother()
    assert [smoother.push(np.array([0.0, 0.0, 9.0, 9.0])) for _ in range(6)] == [None] * 6
    assert smoother.close() == []
