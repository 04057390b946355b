"""The default detector: real faces found, nothing where there is none, boxes where the eyes are."""

import hashlib

import numpy as np
import pytest
import skimage.data
import torch

from bench import weights
from bench.errors import BenchError
from bench.faces import detector
from bench.faces.yunet import YuNetDetector
from bench.weights.resources import Resources


@pytest.fixture(scope="module")
def yunet():
    return YuNetDetector(Resources())


@pytest.fixture(scope="module")
def astronaut():
    return torch.from_numpy(skimage.data.astronaut()).permute(2, 0, 1)[None]


def test_weights_are_the_published_ones():
    """The digest of the 106 tensors, name by name, as read from the published ONNX file."""
    with np.load(weights.locate("yunet"), allow_pickle=False) as file:
        assert sum(file[name].size for name in file.files) == 53104
        digest = hashlib.sha256(b"".join(file[name].tobytes() for name in sorted(file.files))).hexdigest()
    assert digest == "4fe5f090b22d3118e391351af19a80c8d7f6de33f0d4b43c5f5f4993b6714e1e"


def test_finds_the_face_and_its_parts(yunet, astronaut):
    (faces,) = yunet.detect(astronaut)
    assert len(faces) == 1
    left, top, right, bottom = faces.boxes[0]
    # Where a person sees her: hairline to chin, cheek to cheek.
    assert left == pytest.approx(176, abs=15)
    assert right == pytest.approx(270, abs=15)
    assert top == pytest.approx(62, abs=20)
    assert bottom == pytest.approx(188, abs=20)
    eye, other_eye, nose, mouth, other_mouth = faces.landmarks[0]
    assert eye[0] < nose[0] < other_eye[0]
    assert max(eye[1], other_eye[1]) < nose[1] < min(mouth[1], other_mouth[1])
    assert ((faces.landmarks[0] > [left, top]) & (faces.landmarks[0] < [right, bottom])).all()


def test_nothing_in_noise_and_flat_frames(yunet):
    noise = torch.randint(0, 256, (2, 3, 256, 256), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    flat = torch.full((1, 3, 100, 60), 90, dtype=torch.uint8)
    assert [len(faces) for faces in yunet.detect(noise)] == [0, 0]
    assert [len(faces) for faces in yunet.detect(flat)] == [0]


def test_mirror_image_gives_mirrored_boxes(yunet, astronaut):
    (one,), (other,) = yunet.detect(astronaut), yunet.detect(astronaut.flip(-1))
    np.testing.assert_allclose(512 - other.boxes[0, [2, 0]], one.boxes[0, [0, 2]], atol=6)


def test_frames_do_not_see_each_other(yunet, astronaut):
    small = torch.nn.functional.interpolate(astronaut, size=(250, 230))
    batch = torch.cat([small, torch.zeros_like(small), small.flip(-1)])
    together = yunet.detect(batch)
    for faces, frame in zip(together, batch, strict=True):
        (alone,) = yunet.detect(frame[None])
        np.testing.assert_array_equal(faces.boxes, alone.boxes)


@pytest.mark.parametrize("size", [(1024, 1024), (512, 512), (160, 160), (96, 128)])
def test_boxes_scale_with_the_frame(yunet, astronaut, size):
    scaled = torch.nn.functional.interpolate(astronaut.float(), size=size, mode="bilinear", antialias=True)
    (faces,) = yunet.detect(scaled.round().to(torch.uint8))
    assert len(faces) == 1
    expected = yunet.detect(astronaut)[0].boxes[0] * np.array([size[1], size[0], size[1], size[0]]) / 512
    np.testing.assert_allclose(faces.boxes[0], expected, atol=0.035 * max(size))


def test_two_faces(yunet, astronaut):
    (faces,) = yunet.detect(torch.cat([astronaut, astronaut], dim=-1))
    assert len(faces) == 2
    assert abs(faces.boxes[0, 0] - faces.boxes[1, 0]) == pytest.approx(512, abs=10)


def test_detectors_by_name():
    resources = Resources()
    assert detector.load("yunet", resources) is detector.load("yunet", resources)
    assert detector.load(detector.DEFAULT, resources).name.startswith("yunet-2023mar-")
    with pytest.raises(BenchError, match="did you mean yunet"):
        detector.load("yunett", resources)
