"""Heads, triangles, drawing and diffusion: closed forms and slow twins."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.faces import head_pose
from bench.portraits.acting.pose import rotation
from bench.settings import Setting
from model.mesh_warp import head, topology
from model.mesh_warp.diffusion import carried_on
from model.mesh_warp.raster import draw

FACE = head_pose.canonical()
JOINED = topology.of(FACE)
angle = st.floats(-40, 40)


def seen(yaw, pitch, roll, scale=45.0, at=(130.0, 120.0)):
    """The canonical face as a mesh in pixels, turned about its pivot."""
    turned = (FACE - head.PIVOT) @ rotation(yaw, pitch, roll).T * scale
    return turned + (*at, 7.0)


@given(angle, angle, angle)
def test_a_head_is_measured_as_it_was_placed(yaw, pitch, roll):
    found = head.measure(seen(yaw, pitch, roll), FACE)
    np.testing.assert_allclose(found.pose.rotation, rotation(yaw, pitch, roll), atol=1e-3)
    np.testing.assert_allclose(found.pose.pivot, (130, 120), atol=0.1)
    assert found.pose.scale == pytest.approx(45, rel=1e-3)
    np.testing.assert_allclose(found.pose.place(found.shape)[:, :2], seen(yaw, pitch, roll)[:, :2], atol=1e-9)


def test_a_source_that_is_the_first_frame_is_moved_onto_the_driving_mesh():
    source, now = (head.measure(seen(*pose), FACE) for pose in ((0, 5, 0), (20, -5, 8)))
    moved = head.moved(source, now, source, Setting())
    np.testing.assert_allclose(moved.pose.place(moved.shape)[:, :2], seen(20, -5, 8)[:, :2], atol=1e-9)


def test_another_source_keeps_its_place_and_size_and_takes_motion_and_pose():
    source = head.measure(seen(0, 0, 0, scale=30, at=(80, 90)), FACE)
    first, now = (
        head.measure(seen(*pose, at=at), FACE) for pose, at in (((5, 0, 0), (130, 120)), ((25, 0, 0), (139, 120)))
    )
    moved = head.moved(source, now, first, Setting())
    np.testing.assert_allclose(moved.pose.pivot, (86, 90), atol=0.1)
    assert moved.pose.scale == pytest.approx(30, rel=1e-3)
    np.testing.assert_allclose(head_pose.angles(moved.pose.rotation[None])[0], (25, 0, 0), atol=0.1)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("original", (12, -4, 6)),
        ("free-view:30,10,0", (30, 10, 0)),
        ("free-view:-,10,-", (12, 10, 6)),
        ("free-view:30,-,1@relative", (42, -4, 7)),
    ],
)
def test_settings_replace_or_add_angles(text, wanted):
    turned = head.turned(Setting.parse(text), rotation(12, -4, 6))
    np.testing.assert_allclose(turned, rotation(*wanted), atol=1e-12)


def test_triangles_cover_the_face_once():
    every = np.concatenate([JOINED.triangles, JOINED.mouth])
    edges = Counter(tuple(sorted(edge)) for a, b, c in every for edge in ((a, b), (b, c), (c, a)))
    assert set(np.unique(every)) == set(range(468))
    assert set(edges.values()) == {1, 2}
    rim = {point for edge, count in edges.items() if count == 1 for point in edge}
    assert rim == set(JOINED.outline)
    assert len(every) == 2 * 468 - 2 - len(rim)  # Euler's formula of a disc


def test_triangles_run_clockwise_where_they_face_the_viewer():
    corners = FACE[JOINED.triangles][..., :2]
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    assert (one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0] > 0).mean() > 0.95  # nostrils and rims turn away


def test_drawing_agrees_with_a_loop_over_samples_and_triangles():
    rng = np.random.default_rng(0)
    places = np.concatenate([rng.uniform(-4, 20, (24, 2)), rng.uniform(0, 1, (24, 1))], 1).astype(np.float32)
    triangles, values = rng.permutation(24).reshape(8, 3), rng.uniform(0, 1, (24, 2)).astype(np.float32)
    found, there = draw(places, triangles, values, (12, 16))
    for row in range(12):
        for column in range(16):
            nearest, wanted = np.inf, None
            for triangle in triangles:
                matrix = np.concatenate([places[triangle, :2].T.astype(float), np.ones((1, 3))])
                share = np.linalg.solve(matrix, (column + 0.5, row + 0.5, 1))
                if (share >= 0).all() and share @ places[triangle, 2] < nearest:
                    nearest, wanted = share @ places[triangle, 2], share @ values[triangle]
            assert there[row, column] == (wanted is not None)
            if wanted is not None:
                np.testing.assert_allclose(found[row, column], wanted, atol=1e-4)


def test_what_is_carried_on_between_two_sides_is_a_ramp():
    known = np.zeros((5, 9), bool)
    known[:, [0, -1]] = True
    ramp = np.broadcast_to(np.arange(9.0)[None, :, None], (5, 9, 1))
    np.testing.assert_allclose(carried_on(np.where(known[..., None], ramp, 100.0), known), ramp, atol=1e-9)
