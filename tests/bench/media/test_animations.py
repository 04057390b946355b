"""GIF, APNG and WebP: read or named."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from bench.errors import BenchError, MediaError
from bench.media.formats import videos_among
from bench.media.video_reader import VideoReader
from bench.settings import Setting
from bench.suites.from_paths import of_videos
from model.outside.predictions import Predictions
from tests.bench.footage import numbers, pictures, write

ORIGINAL = Setting.parse("original")


def animation(path, count=10):
    """25 frames a second, lossless but for the palette of GIF."""
    frames = [Image.fromarray(frame) for frame in pictures(count)]
    frames[0].save(path, format={".apng": "PNG"}.get(path.suffix), save_all=True, append_images=frames[1:], duration=40)
    return path


@pytest.mark.parametrize("name", ["moving.gif", "moving.apng"])
def test_an_animation_is_read(tmp_path, name):
    with VideoReader(animation(tmp_path / name)) as reader:
        batches = list(reader)
    assert numbers(np.concatenate([batch.pixels.numpy() for batch in batches])) == list(range(10))
    np.testing.assert_allclose(np.concatenate([batch.times for batch in batches]), np.arange(10) / 25, atol=1e-6)
    assert reader.faults == ()


def test_a_moving_webp_is_named_and_a_still_one_is_no_video(tmp_path):
    moving = animation(tmp_path / "moving.webp")
    Image.fromarray(pictures(1)[0]).save(tmp_path / "still.webp")
    assert videos_among(tmp_path.iterdir()) == [moving]
    with pytest.raises(MediaError, match=r"moving\.webp is an animated WebP, which FFmpeg cannot decode: convert it"):
        VideoReader(moving)


def test_animations_of_a_folder_are_clips_unless_they_are_previews(tmp_path):
    write(tmp_path / "a.mp4", pictures(3))
    for name in ("a.gif", "c.gif"):
        animation(tmp_path / name)
    assert [clip.path.name for clip in of_videos([str(tmp_path)]).clips] == ["a.mp4", "c.gif"]


def test_animations_are_predictions(tmp_path):
    wanted = animation(tmp_path / "a.gif")
    predictions = Predictions(tmp_path)
    assert predictions.find("a", ORIGINAL, (ORIGINAL,)) == wanted
    video = write(tmp_path / "a.mp4", pictures(3))
    assert predictions.find("a", ORIGINAL, (ORIGINAL,)) == video
    with pytest.raises(BenchError, match="is not there"):
        predictions.find("b", ORIGINAL, (ORIGINAL,))
