"""LSE-D, LSE-C and the offset: golden cases, and what must hold of any scoring."""

import json

import numpy as np
import pytest
import torch

from syncnet import lse_score
from tests.material import DATA, GOLDEN, needs
from tests.syncnet.golden import embeddings

CASES = np.load(DATA / "lse" / "features_cases.npz")
EXPECTED = json.loads((DATA / "lse" / "lse.json").read_text())


def table_of(video: torch.Tensor, audio: torch.Tensor) -> np.ndarray:
    return lse_score.distances(video, lse_score.padded(audio)).numpy()


def verdict(video: torch.Tensor, audio: torch.Tensor) -> lse_score.SyncScore:
    return lse_score.score(table_of(video, audio))


@pytest.mark.parametrize("case", ["lead4", "lag7", "zero", "short", "unrelated"])
def test_golden_features(case):
    table = table_of(torch.from_numpy(CASES[f"{case}.v"]), torch.from_numpy(CASES[f"{case}.a"]))
    got = lse_score.score(table)
    expected = EXPECTED["feature cases"][case]
    assert got.offset == expected["offset"]
    assert got.confidence == pytest.approx(expected["conf"], abs=1e-4)
    assert got.distance == pytest.approx(expected["mindist"], abs=1e-4)
    np.testing.assert_allclose(lse_score.mean_distances(table), CASES[f"{case}.mdist"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("lead", [-15, -6, 0, 3, 15])
def test_sound_that_leads_by_k_frames_has_offset_k(lead):
    features = torch.randn(130, 16, generator=torch.Generator().manual_seed(1))
    video, audio = features[20:110], features[20 + lead : 110 + lead]
    got = verdict(video, audio)
    assert got.offset == lead
    assert got.confidence > 4


def test_equal_streams_have_only_the_epsilon_between_them():
    features = torch.randn(40, 16)
    assert verdict(features, features).distance == pytest.approx(1e-6 * 4, rel=0.05)


def test_unrelated_streams_have_no_confidence():
    draw = torch.Generator().manual_seed(2)
    got = verdict(torch.randn(400, 64, generator=draw), torch.randn(400, 64, generator=draw))
    assert got.confidence < 0.3


def test_distances_against_the_definition():
    video, audio = torch.randn(7, 5).double(), torch.randn(7, 5).double()
    table = lse_score.distances(video, lse_score.padded(audio))
    for i in range(7):
        for k in range(31):
            j = i + k - 15
            other = audio[j] if 0 <= j < 7 else torch.zeros(5).double()
            assert table[i, k].item() == pytest.approx(((video[i] - other + 1e-6) ** 2).sum().sqrt().item())


def test_window_count_leaves_the_last_possible_one_out():
    assert lse_score.window_count(64, 40960) == 59
    assert lse_score.window_count(64, 640 * 30 + 639) == 25
    assert lse_score.window_count(6, 99999) == 1
    assert lse_score.window_count(3, 99999) == 0


@pytest.mark.shared
@needs(GOLDEN / "metrics" / "lse")
def test_golden_clip():
    golden = embeddings()
    table = lse_score.distances(golden.lip, lse_score.padded(golden.audio)).numpy()
    np.testing.assert_allclose(table, golden.distances, rtol=0, atol=1e-4)
    got = lse_score.score(table)
    expected = EXPECTED["direct (lossless BGR crops)"]
    assert got.offset == expected["offset"]
    assert got.confidence == pytest.approx(expected["conf"], abs=1e-4)
    assert got.distance == pytest.approx(expected["mindist"], abs=1e-4)
    np.testing.assert_allclose(lse_score.mean_distances(table), golden.mean_distances, rtol=0, atol=1e-4)
