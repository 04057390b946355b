"""Overlap and suppression."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.faces.boxes import iou, suppressed

corner = st.floats(-50, 50)
side = st.floats(0.5, 80)
box = st.tuples(corner, corner, side, side).map(lambda v: np.array([v[0], v[1], v[0] + v[2], v[1] + v[3]]))


def test_known_overlaps():
    box = np.array([0.0, 0.0, 10.0, 10.0])
    others = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10], [2, 2, 4, 4]], dtype=float)
    np.testing.assert_allclose(iou(box, others), [1, 50 / 150, 0, 4 / 100])
    np.testing.assert_allclose(iou(box, others[1:2], pixel=1), [6 * 11 / (2 * 121 - 66)])


@given(box, box)
def test_overlap_is_symmetric_and_bounded(a, b):
    there, back = iou(a, b[None])[0], iou(b, a[None])[0]
    assert there == pytest.approx(back)
    assert 0 <= there <= 1
    assert iou(a, a[None])[0] == pytest.approx(1)


def test_empty_boxes_overlap_nothing():
    flat = np.array([1.0, 1.0, 1.0, 1.0])
    assert iou(flat, flat[None])[0] == 0
    assert iou(flat, np.empty((0, 4))).shape == (0,)


def test_suppression_keeps_the_best_of_each_heap():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [40, 0, 50, 10], [0, 1, 10, 11]], dtype=float)
    scores = np.array([0.7, 0.9, 0.8, 0.95])
    assert suppressed(boxes, scores, 0.3).tolist() == [3, 2]
    assert suppressed(boxes, scores, 1.0).tolist() == [3, 1, 2, 0]
    assert suppressed(np.empty((0, 4)), np.empty(0), 0.3).size == 0
