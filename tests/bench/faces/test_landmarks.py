"""Landmarks of faces in frames, against rendered truth and by what must not change them."""

import numpy as np
import pytest
import torch

from bench.faces import landmarks
from bench.weights.resources import Resources
from tests.metrics.faces import demo

SUBSET = list(landmarks.SIXTY_EIGHT)


@pytest.fixture(scope="module")
def measure():
    return landmarks.load(Resources())


@pytest.mark.parametrize("name", ["ada_01", "chidi_01", "ben_01.free-view_30,10,0"])
def test_points_lie_where_the_renderer_put_them(measure, name):
    pixels, truth = demo(name, 64, 8)
    off = np.linalg.norm(measure(pixels).numpy()[:, SUBSET, :2] - truth.landmarks[: len(pixels) * 8 : 8], axis=2)
    # A face is about 130 pixels wide. The jaw's points slide along the outline here and are fixed to the skin there.
    assert off[:, 17:].mean() < 7


def test_the_batch_does_not_change_them(measure):
    pixels, _ = demo("ada_01")
    whole = measure(pixels)
    parts = torch.cat([measure(part) for part in pixels.split(5)])
    np.testing.assert_allclose(whole.numpy(), parts.numpy(), atol=1e-4)


def test_frames_without_a_face_are_nan_and_leave_the_others_alone(measure):
    pixels, _ = demo("ada_01")
    mixed = pixels[:4].clone()
    mixed[1] = 128
    found = measure(mixed)
    assert torch.isnan(found[1]).all()
    np.testing.assert_allclose(found[[0, 2, 3]].numpy(), measure(pixels[:4])[[0, 2, 3]].numpy(), atol=1e-4)
    assert measure(mixed[1:2]).isnan().all()


def test_the_largest_face_counts(measure):
    pixels, _ = demo("ada_01")
    other, _ = demo("ben_01")
    frame = torch.full((1, 3, 256, 512), 128, dtype=torch.uint8)
    frame[0, :, :, :256] = pixels[0]
    frame[0, :, 64:192, 320:448] = other[0, :, ::2, ::2]
    assert (measure(frame)[0, :, 0] < 256).all()


def test_squares_are_upright_by_the_eyes_and_hold_the_face():
    rng = np.random.default_rng(0)
    points = rng.uniform(-20, 20, (3, 468, 3)) + 100
    angle = np.array([0.0, 0.4, -2.0])
    points[:, 33, :2] = 100
    points[:, 263, :2] = 100 + 10 * np.stack([np.cos(angle), np.sin(angle)], 1)
    squares = landmarks.around(points)
    np.testing.assert_allclose(squares.angle, angle, atol=1e-12)
    inside = np.einsum("npx,nax->npa", points[..., :2] - squares.centre[:, None], squares.axes()) / (
        squares.side[:, None, None] ** 2
    )
    np.testing.assert_allclose(np.abs(inside).max((1, 2)), 0.5 / landmarks.MARGIN)
