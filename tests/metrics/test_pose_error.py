import numpy as np
import pytest
import torch

import metrics
from bench.faces import head_pose
from bench.frames import Frames
from bench.portraits.acting.pose import rotation
from bench.rows import ORIGINAL, Row
from bench.settings import Setting
from bench.weights.resources import Resources
from metrics import registry
from metrics.metric import ClipFacts
from metrics.pose_error import difference, requested
from metrics.scorer.clip_scorer import ClipScorer
from tests.metrics.faces import NO_FACE, demo, outcome, told


def heads(*poses):
    """(T, 468, 3) landmarks of heads in these poses (yaw, pitch, roll)."""
    return np.stack([head_pose.canonical() @ rotation(*pose).T * 60 + 128 for pose in poses])


DRIVEN = heads((5, -3, 2), (-12, 8, 4), (20, 0, -15))


@pytest.mark.parametrize(
    ("setting", "poses"),
    [
        ("original", [(5, -3, 2), (-12, 8, 4), (20, 0, -15)]),
        ("free-view:30,10,0", [(30, 10, 0)] * 3),
        ("free-view:30,-,-", [(30, -3, 2), (30, 8, 4), (30, 0, -15)]),
        ("free-view:10,-,20@relative", [(15, -3, 22), (-2, 8, 24), (30, 0, 5)]),
    ],
)
def test_the_requested_pose_has_no_error_and_others_have_theirs(setting, poses):
    off = [(yaw + 6, pitch - 3, roll) for yaw, pitch, roll in poses]
    resources, (ref, right, wrong) = told(DRIVEN, heads(*poses), heads(*off))
    assert outcome("pose_error", resources, right, ref, row=Row.parse(setting)).value == pytest.approx(0, abs=1e-3)
    result = outcome("pose_error", resources, wrong, ref, row=Row.parse(setting))
    assert result.value == pytest.approx(3, abs=1e-3)
    errors = [result.details[f"{axis}_error"] for axis in ("yaw", "pitch", "roll")]
    assert errors == pytest.approx([6, 3, 0], abs=1e-3)
    np.testing.assert_allclose(result.curves["mesh_yaw"], [yaw for yaw, _, _ in off], atol=1e-3)


def test_fixed_angles_need_no_face_in_the_driving_frame():
    driven = DRIVEN.copy()
    driven[1] = NO_FACE
    resources, (ref, pred) = told(driven, heads(*[(30, 10, 0)] * 3))
    assert outcome("pose_error", resources, pred, ref, row=Row.parse("free-view:30,10,0")).n == 3
    assert outcome("pose_error", resources, pred, ref, row=Row.parse("free-view:30,10,-")).n == 2


def test_angles_go_the_short_way_round():
    np.testing.assert_allclose(difference(np.array([179.0, -170.0, 5.0]), np.array([-179.0, 170.0, 5.0])), [-2, 20, 0])
    np.testing.assert_array_equal(requested(Setting(), np.ones((2, 3))), np.ones((2, 3)))


def test_without_a_driving_video_it_is_skipped():
    pixels = torch.zeros(2, 3, 64, 64, dtype=torch.uint8)
    assert metrics.score(["pose_error"], pixels)["pose_error"].status == "skipped"


def test_another_persons_motion_is_still_the_target():
    resources, (ref, pred) = told(DRIVEN, heads(*[(0, 0, 0)] * 3))
    facts = ClipFacts("clip", source=pred[0])
    chosen = [registry.get(name) for name in ("pose_error", "akd")]
    scorer = ClipScorer(chosen, {ORIGINAL: facts}, resources, cross_identity=True)
    scorer.update(Frames.of(ref), {ORIGINAL: Frames.of(pred)})
    results = scorer.results()[ORIGINAL]
    assert results["pose_error"].value == pytest.approx((37 + 11 + 21) / 9, abs=1e-3)
    assert results["akd"].status == "skipped"


def test_the_same_video_has_none():
    pixels, _ = demo("ada_01")
    assert outcome("pose_error", Resources(), pixels, pixels).value == 0.0
