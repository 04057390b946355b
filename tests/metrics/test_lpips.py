import csv
import warnings

import numpy as np
import pytest
import torch

from bench.compute import convolution
from bench.compute.scored_frames import ScoredFrames
from bench.errors import WeightsError
from bench.weights import resolve
from bench.weights.resources import Resources
from metrics import registry
from metrics.lpips import Lpips, lpips
from metrics.metric import ClipFacts
from metrics.scoring import score
from tests.material import GOLDEN, needs
from tests.metrics import recipe
from tests.metrics.pictures import FRAMES, golden, in_batches, scene

CPU = torch.device("cpu")
WEIGHTS = {"alexnet": recipe.state("alexnet"), "vgg16": recipe.state("vgg16")}
RESOURCES = Resources(weights=WEIGHTS)
IDS = {"alex": "lpips", "vgg": "lpips_vgg"}


def per_frame(net, pred, ref, sizes=(100,), resources=RESOURCES):
    work = registry.get(IDS[net]).begin(ClipFacts(id="clip"), resources)
    for one, other in zip(in_batches(pred, list(sizes)), in_batches(ref, list(sizes)), strict=True):
        work.update(one, other)
    return work.result().per_frame


@pytest.fixture(scope="module", params=["alex", "vgg"])
def net(request):
    return request.param


@pytest.fixture(scope="module")
def peer(net):
    """The lpips package's own network: its heads, the recipe's trunk."""
    package = pytest.importorskip("lpips")
    with warnings.catch_warnings(action="ignore"):  # it calls torchvision in a deprecated way
        network = package.LPIPS(net=net, pnet_rand=True, verbose=False)
    state = network.state_dict()
    trunk = recipe.state({"alex": "alexnet", "vgg": "vgg16"}[net])
    for name in state:
        if name.startswith("net.slice"):
            index, kind = name.split(".")[2:]
            state[name] = trunk[f"features.{index}.{kind}"]
    network.load_state_dict(state)
    return network.eval()


@pytest.mark.parametrize("size", [(64, 64), (71, 90)])
def test_equals_the_lpips_package(net, peer, size):
    pred, ref = scene(2, *size, seed=1), scene(2, *size, seed=2)
    with torch.no_grad():
        total, levels = peer(ref / 127.5 - 1, pred / 127.5 - 1, retPerLayer=True)
    terms = lpips(net, RESOURCES).terms(ScoredFrames.of(pred), ScoredFrames.of(ref))
    expected = torch.stack([level.flatten() for level in levels])
    torch.testing.assert_close(terms.float(), expected, atol=1e-5, rtol=1e-4)
    np.testing.assert_allclose(per_frame(net, pred, ref), total.flatten(), atol=1e-5)
    assert total.min() > 0.01


@pytest.mark.shared
@needs(FRAMES)
@pytest.mark.parametrize(
    ("clip", "name"), [("wda_a", "blur"), ("wda_a", "shift2"), ("wda_k", "jpeg20"), ("wda_k", "static")]
)
def test_golden_values(net, clip, name):
    chosen = [0, 8, 16] if net == "alex" else [8]
    pred, ref = golden(clip, name)[chosen], golden(clip, "ref")[chosen]
    terms = lpips(net, RESOURCES).terms(ScoredFrames.of(pred), ScoredFrames.of(ref)).numpy()
    compared = 0
    with (GOLDEN / "metrics" / "pairs_frames.csv").open() as file:
        for row in csv.DictReader(file):
            if (row["clip"], row["set"]) != (clip, name) or not row["metric"].startswith(f"lpips.{net}"):
                continue
            if int(row["frame"]) not in chosen:
                continue
            column = chosen.index(int(row["frame"]))
            level = row["metric"].removeprefix(f"lpips.{net}").removeprefix(".l")
            value = terms[int(level), column] if level else terms[:, column].sum()
            assert value == pytest.approx(float(row["value"]), abs=1e-5)
            compared += 1
    assert compared == 6 * len(chosen)


def test_identical_frames_give_zero(net):
    pixels = scene(3, 64, 64)
    assert (per_frame(net, pixels, pixels.clone()) == 0).all()
    frames = ScoredFrames.of(pixels)
    assert (lpips(net, RESOURCES).terms(frames, frames) == 0).all()


def test_symmetric_and_positive():
    pred, ref = scene(2, 64, 64, seed=1), scene(2, 64, 64, seed=2)
    np.testing.assert_allclose(per_frame("alex", pred, ref), per_frame("alex", ref, pred), rtol=1e-5)
    assert (per_frame("alex", pred, ref) > 0).all()


@pytest.mark.parametrize("sizes", [[1], [2, 5], [11]])
def test_batches_do_not_change_a_bit(sizes):
    for size in ((40, 48), (256, 256)):
        pred, ref = scene(12, *size, seed=1), scene(12, *size, seed=2)
        np.testing.assert_array_equal(per_frame("alex", pred, ref, sizes), per_frame("alex", pred, ref))


def test_batches_do_not_change_a_bit_of_vgg():
    pred, ref = scene(3, 24, 24, seed=1), scene(3, 24, 24, seed=2)
    np.testing.assert_array_equal(per_frame("vgg", pred, ref, [1, 2]), per_frame("vgg", pred, ref))


def test_repeated_frames_are_computed_once_and_scored_everywhere():
    ref = scene(10, 40, 40)
    seen = []

    class Counting(Lpips):
        def levels(self, pixels):
            seen.append(len(pixels))
            return super().levels(pixels)

    network = Counting("alex", WEIGHTS["alexnet"], resolve("lpips_alex_heads", RESOURCES), CPU)
    still = ref[:1].expand(10, -1, -1, -1)
    reference = ScoredFrames.of(ref)
    fast = network.terms(ScoredFrames.of(still), reference)
    assert fast.shape == (5, 10)
    assert sum(seen) == 11  # ten of the reference, and one still frame
    assert torch.equal(network.terms(ScoredFrames.of(still.contiguous()), reference), fast)
    assert torch.equal(network.terms(reference, ScoredFrames.of(still)), fast)
    assert (network.terms(ScoredFrames.of(still), ScoredFrames.of(still.contiguous())) == 0).all()
    assert network.terms(ScoredFrames.of(still), ScoredFrames.of(still)).shape == (5, 10)


def test_reference_goes_through_once_for_all_settings():
    reference = ScoredFrames.of(scene(4, 40, 40, seed=0))
    network = lpips("alex", RESOURCES)
    first = network.reference(reference)
    for seed in (1, 2):
        network.terms(ScoredFrames.of(scene(4, 40, 40, seed=seed)), reference)
    assert network.reference(reference) is first


def test_colour_order_matters():
    """A swap of channels on both sides leaves pixel errors as they are, but not this."""
    pred, ref = scene(1, 64, 64, seed=1), scene(1, 64, 64, seed=2)
    assert abs(per_frame("alex", pred, ref) - per_frame("alex", pred.flip(1), ref.flip(1)))[0] > 1e-3


def test_plain_and_packed_convolutions_agree(monkeypatch):
    pred, ref = ScoredFrames.of(scene(2, 64, 64, seed=1)), ScoredFrames.of(scene(2, 64, 64, seed=2))
    packed = lpips("alex", RESOURCES).terms(pred, ref)
    monkeypatch.setattr(convolution, "can_pack", lambda: False)
    plain = Lpips("alex", WEIGHTS["alexnet"], resolve("lpips_alex_heads", RESOURCES), CPU)
    torch.testing.assert_close(plain.terms(pred, ScoredFrames.of(ref.pixels)), packed, atol=1e-6, rtol=1e-5)


def test_smallest_frames():
    """The smallest size that the trunk takes works; one pixel less is a skip that says so."""
    for name, smallest in (("lpips", 31), ("lpips_vgg", 16)):
        pred, ref = scene(1, smallest, smallest, seed=1), scene(1, smallest, smallest, seed=2)
        assert score([name], pred, ref, weights=WEIGHTS)[name].value > 0
        outcome = score([name], pred[..., 1:], ref[..., 1:], weights=WEIGHTS)[name]
        assert outcome.status == "skipped"
        assert str(smallest) in outcome.reason


@pytest.mark.parametrize("value", [0, 255])
def test_constant_frames(value):
    """No texture at all: features may be zero, and a zero has no direction; still a number."""
    flat = torch.full((2, 3, 40, 40), value, dtype=torch.uint8)
    outcome = score(["lpips"], flat, flat.clone(), weights=WEIGHTS)["lpips"]
    assert outcome.value == 0
    assert np.isfinite(score(["lpips"], flat, scene(2, 40, 40), weights=WEIGHTS)["lpips"].value)


def test_wrong_weights_are_named():
    with pytest.raises(WeightsError, match=r"features\.0\.weight"):
        Lpips("alex", {}, resolve("lpips_alex_heads", RESOURCES), CPU)
    with pytest.raises(WeightsError, match=r"lin0"):
        Lpips("alex", WEIGHTS["alexnet"], {}, CPU)
