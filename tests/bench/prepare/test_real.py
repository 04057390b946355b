"""Preparation with the real detector on footage as it comes."""

import numpy as np
import pytest
import torch
from rich.console import Console

from bench.faces import detector
from bench.media.video_reader import VideoReader
from bench.prepare.batch import prepare_all
from bench.prepare.task import Task
from bench.suites import suite as suites
from bench.suites.recipe import Recipe
from bench.weights.resources import Resources
from tests.material import SHARED, needs

CLIPS = SHARED / "clips"


@pytest.mark.shared
@needs(CLIPS / "raw")
def test_one_face_is_cropped_and_two_are_rejected(tmp_path):
    sources = {"small": "raw/clip12.mp4", "film": "raw/clip19.mp4", "two": "odd/two_faces_real.mp4"}
    tasks = [Task(name, CLIPS / file) for name, file in sources.items()]
    about = {"suite": "mine", "title": "t", "licence": "l"}
    small, film, two = prepare_all(tasks, Recipe(), tmp_path, **about, console=Console(quiet=True))
    assert (two.status, two.reason[:26]) == ("rejected", "2 faces share the picture:")
    assert (small.frames, small.fps, small.audio) == (75, 25.0, True)
    assert (film.frames, film.fps, film.audio) == (78, 25.0, False)
    suite = suites.read(tmp_path / "suite.toml")
    assert (suite.listed, [clip.id for clip in suite.clips]) == (3, ["small", "film"])
    for clip in suite.clips:
        with VideoReader(clip.path) as reader:
            frames = torch.cat([batch.pixels for batch in reader])
        assert frames.shape[1:] == (3, 256, 256)
        faces = [found.boxes[0] for found in detector.load("yunet", Resources()).detect(frames) if len(found)]
        assert len(faces) > 0.9 * len(frames)
        left, top, right, bottom = np.array(faces).T
        assert min(left.min(), top.min()) > 0
        assert max(right.max(), bottom.max()) < 256
        assert np.mean(bottom - top) > 100  # the face fills the crop
