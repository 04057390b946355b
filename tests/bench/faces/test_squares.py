"""Squares cut out of frames."""

import numpy as np
import pytest
import torch

from bench.faces.squares import Squares


def square(centre, side, angle=0.0):
    return Squares(np.array([centre], float), np.array([side], float), np.array([angle], float))


def picture(height, width):
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 3, height, width), dtype=np.uint8))


def test_a_square_on_the_pixels_is_a_slice():
    pixels = picture(40, 44)
    np.testing.assert_allclose(
        square((18, 20), 32).cut(pixels, 32).numpy(), pixels[:, :, 4:36, 2:34].numpy(), atol=1e-2
    )


@pytest.mark.parametrize(("quarters", "turned"), [(1, -1), (2, -2), (3, -3)])
def test_a_head_rolled_clockwise_is_laid_upright(quarters, turned):
    pixels = picture(32, 32)
    rolled = torch.rot90(pixels, turned, (2, 3))
    got = square((16, 16), 32, quarters * np.pi / 2).cut(rolled, 32)
    np.testing.assert_allclose(got.numpy(), pixels.numpy(), atol=1e-2)


def test_large_frames_are_averaged_not_skipped():
    pixels = picture(96, 96)
    means = pixels.float().reshape(1, 3, 32, 3, 32, 3).mean((3, 5))
    np.testing.assert_allclose(square((48, 48), 96).cut(pixels, 32).numpy(), means.numpy(), atol=1e-2)


def test_points_come_back_to_where_they_were_cut():
    ramp = torch.arange(64, dtype=torch.uint8).expand(1, 3, 64, 64)
    place = square((31, 33), 20, 0.3)
    crop = place.cut(ramp, 10)
    points = (np.stack(np.meshgrid(np.arange(10), np.arange(10)), -1).reshape(1, -1, 2) + 0.5) / 10
    # A pixel holds its column's number, half a pixel before its centre.
    np.testing.assert_allclose(crop[0, 0].flatten().numpy(), place.to_frame(points)[0, :, 0] - 0.5, atol=1e-3)


def test_shifts_go_along_the_squares_own_axes():
    moved = square((0, 0), 10, np.pi / 2).shifted(0.1, 0.2)
    np.testing.assert_allclose(moved.centre, [[-2, 1]], atol=1e-12)
    assert moved.side == 10
