import numpy as np
import pytest
import torch

from bench.frames import Frames
from bench.outcome import Skip
from bench.rows import GROUND_TRUTH, ORIGINAL
from bench.weights.resources import Resources
from metrics import registry
from metrics.csim import cosine
from metrics.metric import ClipFacts
from metrics.scorer.clip_scorer import ClipScorer
from tests.metrics.faces import demo, outcome

RESOURCES = Resources()


def test_cosines_in_closed_form():
    rows = np.array([[2.0, 0.0], [0.0, 3.0], [-1.0, 0.0], [1.0, 1.0], [np.nan, np.nan]])
    np.testing.assert_allclose(cosine(rows, np.array([4.0, 0.0])), [1, 0, -1, np.sqrt(0.5), np.nan])


def test_the_source_is_itself():
    pixels, _ = demo("ada_01")
    still = pixels[:1].expand(4, -1, -1, -1)
    result = outcome("csim", RESOURCES, still, pixels[:4], source=pixels[0])
    assert result.value == pytest.approx(1, abs=1e-6)
    assert result.n == 4


def test_people_are_told_apart():
    source = demo("ada_01")[0][0]
    same, _ = demo("ada_02", 64, 8)
    mine = outcome("csim", RESOURCES, same, same, source=source)
    for name in ("ben_01", "chidi_01", "mei_01"):
        other, _ = demo(name, 64, 8)
        assert outcome("csim", RESOURCES, other, other, source=source).value < mine.per_frame.min()


def test_batch_size_does_not_change_it():
    pixels, _ = demo("ada_01")
    one, all_ = (outcome("csim", RESOURCES, pixels, pixels, batch=size, source=pixels[0]) for size in (3, 16))
    np.testing.assert_allclose(one.per_frame, all_.per_frame, rtol=0, atol=1e-6)


def test_no_face_in_the_source_or_in_the_reference_is_skipped():
    pixels, _ = demo("ada_01")
    grey = torch.full_like(pixels, 128)
    with pytest.raises(Skip, match="no face is found in the source frame"):
        outcome("csim", RESOURCES, pixels, pixels, source=grey[0])
    assert isinstance(outcome("csim", RESOURCES, pixels, grey, source=pixels[0]), Skip)
    assert isinstance(outcome("csim", RESOURCES, grey, grey, row=GROUND_TRUTH, source=pixels[0]), Skip)


def test_a_prediction_without_a_face_has_failed():
    pixels, _ = demo("ada_01")
    result = outcome("csim", RESOURCES, torch.full_like(pixels, 128), pixels, source=pixels[0])
    assert result.status == "failed"


@pytest.mark.parametrize("lost, status", [(16, "failed"), (9, "failed"), (8, "value")])
def test_without_a_reference_every_frame_is_to_show_a_face(lost, status):
    """Another person's motion: the scorer gives the prediction in the reference's place."""
    pixels, _ = demo("ada_01")
    pred = pixels.clone()
    pred[:lost] = 128
    scorer = ClipScorer(
        [registry.get("csim")], {ORIGINAL: ClipFacts("clip", source=pixels[0])}, RESOURCES, cross_identity=True
    )
    scorer.update(Frames.of(pixels), {ORIGINAL: Frames.of(pred)})
    result = scorer.results()[ORIGINAL]["csim"]
    assert result.status == status
    if status == "failed":
        assert f"no face in {lost} of the 16 frames" in result.reason
    else:
        assert (result.n, result.details) == (16 - lost, {"faces_lost": float(lost)})
