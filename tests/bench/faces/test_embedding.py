"""The embedding network against dlib's own numbers, and how faces are laid upright for it."""

import numpy as np
import torch

from bench.faces import embedding
from bench.faces.embedding import upright
from bench.weights.resources import Resources
from tests.bench.faces.pictures import pictures
from tests.material import DATA


def test_embeddings_are_dlibs():
    network = embedding.load(Resources()).network
    with torch.inference_mode():
        ours = network(torch.from_numpy(pictures(embedding.SIDE)).float()).numpy()
    with np.load(DATA / "face_identity.npz") as golden:
        theirs = golden["embeddings"]
    # What is left is the rounding of the weights to float16.
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    np.testing.assert_allclose((ours * theirs).sum(1) / lengths, 1, atol=2e-6)


def test_eyes_and_nose_come_to_the_template():
    turn, side, middle = 0.3, 200.0, np.array([90.0, 110.0])
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    places = (embedding._TEMPLATE - 0.5) * side @ spin.T + middle
    points = np.zeros((1, 468, 3))
    for (first, second), place in zip(embedding._CORNERS, places, strict=True):
        points[0, first, :2] = place - (5, 1) if first != second else place
        points[0, second, :2] = place + (5, 1) if first != second else place
    squares = upright(points)
    np.testing.assert_allclose(squares.centre[0], middle, atol=1e-9)
    np.testing.assert_allclose([squares.side[0], squares.angle[0]], [side, turn], atol=1e-9)
    np.testing.assert_allclose(squares.to_frame(embedding._TEMPLATE[None])[0], places, atol=1e-9)


def test_frames_without_a_face_are_nan():
    embed = embedding.load(Resources())
    pixels = torch.from_numpy(pictures(192))
    points = np.full((3, 468, 3), np.nan)
    assert embed(pixels, points).isnan().all()
    points[1] = np.random.default_rng(0).uniform(60, 120, (468, 3))
    assert embed(pixels, points).isnan().all(1).tolist() == [True, False, True]
