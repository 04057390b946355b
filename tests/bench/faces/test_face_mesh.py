"""The face mesh against the TensorFlow Lite model that its weights come from."""

import numpy as np
import pytest
import torch

from bench.faces import face_mesh
from bench.weights.resources import Resources
from tests.bench.faces.pictures import pictures
from tests.material import DATA


@pytest.fixture(scope="module")
def output():
    return face_mesh.load(Resources())(torch.from_numpy(pictures(face_mesh.SIDE)).float() / 255)


def test_points_are_those_of_the_original_model(output):
    with np.load(DATA / "face_mesh.npz") as golden:
        off = np.abs(output[0].numpy() - golden["points"]).max((1, 2))
    # What is left is the rounding of the weights to float16, in pixels of 192; a face is the third picture.
    assert (off < (0.1, 0.1, 0.02)).all()


def test_presence_is_that_of_the_original_model(output):
    with np.load(DATA / "face_mesh.npz") as golden:
        np.testing.assert_allclose(output[1].numpy(), 1 / (1 + np.exp(-golden["logits"])), atol=1e-5)
