import numpy as np
import platformdirs
import pytest
import torch

from bench.compute import convolution
from bench.compute.cores import SideBySide
from bench.compute.scored_frames import ScoredFrames
from bench.errors import WeightsError
from bench.outcome import Skip
from bench.weights.resources import Resources
from metrics.distribution.inception import Inception, features
from metrics.distribution.inception import network as network_of
from tests.material import GOLDEN, needs
from tests.metrics import recipe
from tests.metrics.pictures import golden, in_batches, scene

CPU = torch.device("cpu")
ACTIVATIONS = GOLDEN / "metrics" / "fid_activations.npz"


@pytest.fixture(scope="module")
def network():
    return Inception(recipe.state("inception"), CPU)


@pytest.fixture(scope="module")
def peer():
    """pytorch-fid's own network with the same weights."""
    inception = pytest.importorskip("pytorch_fid.inception")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inception, "load_state_dict_from_url", lambda *args, **options: recipe.state("inception"))
        return inception.InceptionV3().eval()


@pytest.mark.parametrize("size", [(64, 80), (299, 299), (301, 333)])
def test_equals_pytorch_fid(network, peer, size):
    pixels = scene(2, *size)
    with torch.no_grad():
        expected = peer(pixels.float() / 255)[0].flatten(1)
    assert (network(pixels) - expected).abs().max() < 1e-4
    assert expected.std() > 1


@pytest.mark.shared
@needs(ACTIVATIONS)
@pytest.mark.parametrize("name", ["wda_a.ref", "wda_a.jpeg20", "wda_k.noise8", "wda_k.shift2"])
def test_golden_activations(network, name):
    pixels = golden(*name.split("."))[::5]
    expected = torch.from_numpy(np.load(ACTIVATIONS)[name][::5])
    assert (network(pixels) - expected).abs().max() < 1e-4


def test_batches_do_not_change_a_bit(network):
    pixels = scene(4)
    whole = network(pixels)
    for size in (1, 3):
        assert torch.equal(torch.cat([network(part) for part in pixels.split(size)]), whole)


def test_threads_do_not_change_a_bit(network):
    pixels, threads = scene(2), torch.get_num_threads()
    try:
        results = []
        for count in (1, 2):
            torch.set_num_threads(count)
            results.append(network(pixels))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(*results)


def test_plain_and_packed_convolutions_agree(network, monkeypatch):
    monkeypatch.setattr(convolution, "can_pack", lambda: False)
    plain = Inception(recipe.state("inception"), CPU)
    pixels = scene(2)
    assert (plain(pixels) - network(pixels)).abs().max() < 1e-4


def test_colour_order_matters(network):
    pixels = scene(1)
    assert (network(pixels) - network(pixels.flip(1))).abs().max() > 0.05


def test_each_frame_goes_through_once():
    seen = []

    def counting(pixels):
        seen.append(len(pixels))
        return pixels.float().mean((1, 2, 3))[:, None].expand(-1, 2048)

    counting.cores = SideBySide(1)
    resources = Resources(weights={"inception": {"a": torch.zeros(1)}}, networks={"inception": counting})
    frames = ScoredFrames.of(scene(20))
    first, second = features(frames, resources), features(frames, resources)
    assert torch.equal(first, second)
    assert torch.equal(first, counting(frames.pixels))
    seen.pop()
    assert sum(seen) == 20
    assert max(seen) <= 8
    seen.clear()
    still = ScoredFrames.of(scene(1).expand(50, -1, -1, -1))
    assert features(still, resources).shape == (50, 2048)
    assert seen == [1]


def test_batches_of_the_runner_do_not_change_a_bit(network):
    resources = Resources(weights={"inception": recipe.state("inception")}, networks={"inception": network})
    pixels = scene(5)
    whole = features(ScoredFrames.of(pixels), resources)
    parts = [features(frames, resources) for frames in in_batches(pixels, [3, 1])]
    assert torch.equal(torch.cat(parts), whole)


def test_wrong_and_missing_weights(monkeypatch, tmp_path):
    monkeypatch.setenv("TALKING_HEAD_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name: str(tmp_path))
    with pytest.raises(WeightsError, match=r"Conv2d_1a_3x3\.conv\.weight"):
        Inception(recipe.state("alexnet"), CPU)
    with pytest.raises(Skip, match="weights fetch inception"):
        network_of(Resources(download=False))
