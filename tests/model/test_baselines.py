import numpy as np
import pytest
import torch

import model
from bench.errors import BenchError
from bench.settings import Setting
from model.interface import Driving
from model.reconstruct import Reconstructs

FRAMES = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (7, 3, 8, 8), dtype=np.uint8))


def test_static_repeats_the_source():
    video = model.load("static").reconstruct(FRAMES, batch=3)
    assert video.dtype == torch.uint8
    assert torch.equal(video, FRAMES[:1].expand_as(FRAMES))


def test_static_animates_a_given_source():
    assert torch.equal(model.load("static").reconstruct(FRAMES, source=FRAMES[4])[6], FRAMES[4])


def test_static_does_not_copy_its_source():
    source = FRAMES[0]
    session = model.load("static").open(Driving("x", source, 25.0), (Setting(),))
    assert session.step(FRAMES)[Setting()].stride(0) == 0


def test_copy_returns_the_driving_frames_under_any_setting():
    view = Setting.parse("free-view:30,10,0")
    assert torch.equal(model.load("copy").reconstruct(FRAMES, setting=view, batch=2), FRAMES)


def test_a_model_may_refill_what_it_returned():
    class Thrifty(Reconstructs):
        def open(self, driving, settings):
            self.settings, self.output = settings, torch.empty(1, *driving.source.shape, dtype=torch.uint8)
            return self

        def step(self, driving):
            return dict.fromkeys(self.settings, self.output.copy_(driving))

        def close(self):
            return {}

    assert torch.equal(Thrifty().reconstruct(FRAMES, batch=1), FRAMES)


@pytest.mark.parametrize("frames", [FRAMES.float(), FRAMES[0], FRAMES[:0], FRAMES[:, :1]])
def test_wrong_frames_are_a_mistake(frames):
    with pytest.raises(BenchError, match=r"\(T, 3, H, W\) uint8"):
        model.load("copy").reconstruct(frames)


def test_an_unknown_model_lists_the_known_ones():
    with pytest.raises(BenchError, match="there is no model 'sttic': did you mean static"):
        model.load("sttic")
