"""The fast networks beside the plain ones, and the options that change how they run."""

import pytest
import torch

from bench.settings import Setting
from model.facevid2vid.fast.generator import FastGenerator
from model.facevid2vid.fast.layers import Algorithms
from model.facevid2vid.geometry import Keypoints


@pytest.fixture(params=[False, True], ids=["direct", "minimal"])
def algorithms(request) -> Algorithms:
    return Algorithms(minimal=request.param)


def points(count, architecture, seed):
    generator = torch.Generator().manual_seed(seed)
    value = torch.rand(count, architecture.keypoints, 3, generator=generator) - 0.5
    jacobian = torch.eye(3) + 0.1 * torch.randn(count, architecture.keypoints, 3, 3, generator=generator)
    return Keypoints(value, jacobian if architecture.jacobian else None)


def repeated(keypoints, count):
    jacobian = keypoints.jacobian
    return Keypoints(
        keypoints.value.expand(count, -1, -1), None if jacobian is None else jacobian.expand(count, -1, -1, -1)
    )


def test_generator(networks, architecture, algorithms, frames):
    source, driving = points(1, architecture, 0), points(2, architecture, 1)
    image = frames[:1].float() / 255
    plain = networks.generator(image.expand(2, -1, -1, -1), repeated(source, 2), driving)
    fast = FastGenerator(networks.generator, architecture, algorithms)
    made = fast.animate(fast.source(image, source), driving)
    for name in ("mask", "deformation", "occlusion"):
        torch.testing.assert_close(getattr(made.motion, name), getattr(plain.motion, name), rtol=0, atol=5e-6)
    torch.testing.assert_close(made.image, plain.image, rtol=0, atol=3e-5)


@pytest.mark.parametrize(("precision", "levels"), [("bf16", 12), ("fp16", 2)])
def test_half_precision_stays_near(talker, networks, frames, precision, levels):
    full = talker(networks).reconstruct(frames, setting=Setting())
    half = talker(networks, precision=precision).reconstruct(frames, setting=Setting())
    difference = (full.int() - half.int()).abs().float()
    assert 0 < difference.mean() < levels / 4
    assert difference.quantile(0.99) <= levels
