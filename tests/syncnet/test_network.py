"""The network against embeddings that the public code computed with the same weights."""

import hashlib

import pytest
import torch

from bench.errors import WeightsError
from syncnet import network
from tests.material import GOLDEN, needs
from tests.syncnet import recipe
from tests.syncnet.golden import crops, embeddings, sound

LSE = GOLDEN / "metrics" / "lse"


def test_recipe_makes_the_published_tensors():
    weights = recipe.weights()
    digests = {
        "netcnnlip.0.weight": "f2f5dae25cd61c021a3a9d0007c6765543481bcb57596918a22a702c0e621b69",
        "netcnnaud.0.weight": "42da3be1149ebf159f13c45eda9c438372b004bc34c0888eb72eff718307a4de",
        "netfcaud.3.bias": "02c848f25137beaf9ed74239782d7019e85a2f24e64ccb0f3c51fa37b217f75b",
        "netfclip.3.bias": "02c848f25137beaf9ed74239782d7019e85a2f24e64ccb0f3c51fa37b217f75b",
    }
    assert weights["netcnnlip.0.weight"].shape == (96, 3, 5, 7, 7)
    for name, digest in digests.items():
        assert hashlib.sha256(weights[name].numpy().tobytes()).hexdigest() == digest


def test_weights_without_training_counters_load():
    weights = {k: v for k, v in recipe.weights().items() if not k.endswith("num_batches_tracked")}
    assert not network.load(weights).training


def test_weights_of_another_network_are_named():
    weights = recipe.weights() | {"netfclip.3.bias": torch.zeros(512)}
    with pytest.raises(WeightsError, match=r"netfclip\.3\.bias"):
        network.load(weights)
    with pytest.raises(WeightsError, match="syncnet_v2"):
        network.load({"conv1.weight": torch.zeros(3)})


@pytest.mark.shared
@needs(LSE)
def test_golden_embeddings():
    net = network.load(recipe.weights())
    golden = embeddings()
    frames = crops()
    some = [0, 1, 29, 57, 58]
    with torch.inference_mode():
        lip = net.lip(torch.stack([frames[i : i + 5] for i in some]).transpose(1, 2).float())
        audio = net.audio(sound(0, 59))
    torch.testing.assert_close(lip, golden.lip[some], rtol=0, atol=1e-4)
    torch.testing.assert_close(audio, golden.audio, rtol=0, atol=1e-4)
