"""What is kept of faces from run to run, and whose weights it was measured with."""

import numpy as np
import pytest
import torch

from bench import weights
from bench.compute.scored_frames import ScoredFrames
from bench.errors import WeightsError
from bench.faces import detector
from bench.weights.resources import Resources
from metrics import csim, face_metric
from metrics.scorer.feature_cache import FeatureCache
from tests.metrics.faces import demo


@pytest.mark.parametrize(
    "measure, name, bias",
    [
        (face_metric.points, "yunet", "heads.kps.2.depthwise.bias"),
        (face_metric.points, "face_mesh", "points.6.bias"),
        (csim.embeddings, "face_mesh", "points.6.bias"),
        (csim.embeddings, "face_identity", "stem.bias"),
    ],
)
def test_what_other_weights_have_measured_is_not_taken(tmp_path, measure, name, bias):
    pixels, _ = demo("ada_01")
    shipped = weights.resolve(name, Resources())
    others = {**shipped, bias: shipped[bias] + torch.arange(len(shipped[bias])) % 7}
    computed, found = [], []
    for resources in (Resources(), Resources(), Resources(weights={name: others})):
        stored = FeatureCache(tmp_path).clip("clip")
        found.append(measure(ScoredFrames.of(pixels[:2], stored=stored), resources))
        stored.close()
        computed.append(stored.computed > 0)
    assert computed == [True, False, True]
    np.testing.assert_array_equal(found[0], found[1])
    assert np.abs(found[2] - found[0]).max() > 1e-3


def test_boxes_are_kept_under_the_weights_that_found_them():
    shipped = weights.resolve("yunet", Resources())
    others = {**shipped, "stem.bias": shipped["stem.bias"] + 1}
    names = [detector.load("yunet", Resources(weights=given)).name for given in ({}, {}, {"yunet": others})]
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize("name", ["yunet", "face_mesh", "face_identity"])
def test_weights_of_another_network_are_a_sentence(name):
    pixels, _ = demo("ada_01")
    other = "face_identity" if name == "face_mesh" else "face_mesh"
    theirs = Resources(weights={name: weights.resolve(other, Resources())})
    with pytest.raises(WeightsError, match=f"weights '{name}' do not fit their network"):
        csim.embeddings(ScoredFrames.of(pixels[:1]), theirs)
