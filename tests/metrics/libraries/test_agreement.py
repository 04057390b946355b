import pytest
import torch

from bench.media import resize as resizing
from bench.weights.resources import Resources
from metrics import lpips
from metrics.distribution import inception
from metrics.libraries import agreement
from metrics.libraries.agreement import AGREEMENTS, Agreement


@pytest.mark.parametrize("name", AGREEMENTS)
def test_our_kernels_agree_with_their_peer(name):
    found = AGREEMENTS[name]()
    assert found.holds, found
    # Networks that share no code differ by a rounding somewhere; a difference of 0 would be one with itself.
    assert name == "resize" or found.difference > 0


def test_another_resize_kernel_does_not(monkeypatch):
    monkeypatch.setitem(resizing.KERNELS, resizing.DEFAULT, resizing.KERNELS["bilinear"])
    resizing.axis_matrix.cache_clear()
    try:
        assert not agreement.resize().holds
    finally:
        resizing.axis_matrix.cache_clear()


def test_another_pooling_of_inception_does_not(monkeypatch):
    monkeypatch.setattr(inception, "_average", lambda x: torch.nn.functional.avg_pool2d(x, 3, 1, 1))
    assert not agreement.inception().holds


def test_another_scale_of_lpips_does_not(monkeypatch):
    monkeypatch.setattr(lpips, "_SHIFT", (0.0, 0.0, 0.0))
    assert not agreement.lpips().holds


def test_weights_that_are_here_are_the_ones_compared(monkeypatch):
    asked = []
    monkeypatch.setattr(agreement.files, "locate", lambda name: name)
    monkeypatch.setattr(agreement, "resolve", lambda name, resources: asked.append((name, resources)) or {})
    assert agreement._state("alexnet", {}) == {}
    assert asked == [("alexnet", Resources(download=False))]


def test_no_number_is_no_agreement():
    assert not Agreement("peer", float("nan"), 1.0).holds
