"""S3FD: names and shapes of the public weights, and boxes where the arithmetic puts them."""

import numpy as np
import pytest
import skimage.data
import torch

from bench import weights
from bench.errors import WeightsError
from bench.faces import detector
from bench.faces.s3fd import S3FD, S3FDDetector
from bench.weights.resources import Resources


@pytest.fixture(scope="module")
def state():
    draw = torch.Generator().manual_seed(0)
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in S3FD().state_dict().items()}
    made = {}
    for name, shape in shapes.items():
        scale = (2 / shape[1:].numel()) ** 0.5 if len(shape) > 1 else 0.0
        made[name] = torch.randn(shape, generator=draw) * scale
    return made | {name: torch.full_like(tensor, 10.0) for name, tensor in made.items() if name.startswith("L2Norm")}


def test_names_and_shapes_of_the_public_file(state):
    assert len(state) == 65
    shapes = {
        "vgg.0.weight": (64, 3, 3, 3),
        "vgg.14.bias": (256,),
        "vgg.28.weight": (512, 512, 3, 3),
        "vgg.31.weight": (1024, 512, 3, 3),
        "vgg.33.weight": (1024, 1024, 1, 1),
        "L2Norm3_3.weight": (256,),
        "L2Norm5_3.weight": (512,),
        "extras.1.weight": (512, 256, 3, 3),
        "extras.3.weight": (256, 128, 3, 3),
        "loc.3.weight": (4, 1024, 3, 3),
        "conf.0.weight": (4, 256, 3, 3),
        "conf.5.bias": (2,),
    }
    assert {name: tuple(state[name].shape) for name in shapes} == shapes
    # 89.8 MB, as the published file weighs.
    assert sum(tensor.numel() for tensor in state.values()) * 4 == pytest.approx(89.8e6, rel=0.003)


def test_a_sure_place_is_a_box_of_its_anchor(state):
    """With all heads silenced but one bias, every place of that level is a face of four steps."""
    quiet = {name: torch.zeros_like(t) if name.startswith(("loc", "conf")) else t for name, t in state.items()}
    quiet["conf.2.bias"] = torch.tensor([-5.0, 5.0])
    frame = torch.randint(0, 256, (1, 3, 256, 512), dtype=torch.uint8)
    (faces,) = S3FDDetector(Resources(weights={"s3fd": quiet})).detect(frame)
    np.testing.assert_allclose(faces.boxes[:, 2:] - faces.boxes[:, :2], 16 * 4 * 4, atol=1e-6)
    centres = (faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2
    np.testing.assert_allclose(centres % 64, 32, atol=1e-6)
    np.testing.assert_allclose(faces.scores, 1 / (1 + np.exp(-10)), rtol=1e-6)
    assert len(faces) == 2, "of 4 x 8 anchors of 256 px in 256 x 512 px, two overlap by no more than a tenth"


def test_the_largest_of_three_backgrounds_counts(state):
    quiet = {name: torch.zeros_like(t) if name.startswith(("loc", "conf")) else t for name, t in state.items()}
    quiet["conf.0.bias"] = torch.tensor([-5.0, -5.0, 5.0, 5.0])
    frame = torch.zeros(1, 3, 160, 128, dtype=torch.uint8)
    assert len(S3FDDetector(Resources(weights={"s3fd": quiet})).detect(frame)[0]) == 0
    quiet["conf.0.bias"] = torch.tensor([-5.0, -5.0, -5.0, 5.0])
    assert len(S3FDDetector(Resources(weights={"s3fd": quiet})).detect(frame)[0]) > 0


def test_tiny_frames_have_no_faces(state):
    frame = torch.zeros(2, 3, 64, 120, dtype=torch.uint8)
    assert [len(faces) for faces in S3FDDetector(Resources(weights={"s3fd": state})).detect(frame)] == [0, 0]


def test_weights_of_another_network_are_named(state):
    with pytest.raises(WeightsError, match=r"loc\.0\.weight.*sfd_face"):
        S3FDDetector(Resources(weights={"s3fd": state | {"loc.0.weight": torch.zeros(1)}}))


def test_weights_come_from_the_registry(state):
    resources = Resources(weights={"s3fd": state})
    other = Resources(weights={"s3fd": state | {"loc.0.bias": torch.ones(4)}})
    names = {detector.load("s3fd", each).name for each in (resources, resources, other)}
    assert len(names) == 2, "boxes are kept under the weights that found them"
    assert all(name.startswith("s3fd-") for name in names)


@pytest.mark.weights
@pytest.mark.skipif(weights.locate("s3fd") is None, reason="the official S3FD weights are not on this machine")
def test_finds_a_real_face():
    frame = torch.from_numpy(skimage.data.astronaut()).permute(2, 0, 1)[None]
    (faces,) = detector.load("s3fd", Resources()).detect(frame)
    (ours,) = detector.load("yunet", Resources()).detect(frame)
    np.testing.assert_allclose(faces.boxes[0], ours.boxes[0], atol=25)
