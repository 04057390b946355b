import importlib.util

import piq
import pytest

from bench.compute.scored_frames import ScoredFrames
from bench.errors import BenchError
from bench.weights.resources import Resources
from metrics import registry
from metrics.libraries import names
from metrics.metric import ClipFacts
from tests.metrics.frame_sets import score

FUNCTIONS = [name for name, (_, form, _, _) in names.PIQ.items() if form == "function" and name != "brisque"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gives_what_the_library_gives(name, pair):
    pred, ref = (ScoredFrames.of(side.pixels[:2, :, :166, :170]) for side in pair)
    _, _, _, kind = names.PIQ[name]
    for k, ours in enumerate(score(f"piq:{name}", pred, ref).per_frame):
        sides = [pred.unit[k : k + 1]] + ([ref.unit[k : k + 1]] if kind == "pair" else [])
        assert ours == pytest.approx(getattr(piq, name)(*sides).item(), rel=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_direction_is_that_of_the_numbers(name, pair):
    """Less noise must be better by the stated direction."""
    pred, ref = (ScoredFrames.of(side.pixels[:1, :, :166, :170]) for side in pair)
    same, worse = score(f"piq:{name}", ref, ref).value, score(f"piq:{name}", pred, ref).value
    assert (same < worse) == (registry.get(f"piq:{name}").direction == "lower")


def test_metric_without_reference_says_so():
    assert registry.get("piq:total_variation").needs == frozenset()
    assert registry.get("piq:gmsd").needs == {"reference"}


@pytest.mark.parametrize(("name", "words"), [
    ("piq:fsmi", "did you mean fsim"), ("piq:", "it has"), ("quip:ssim", "there is no metric 'quip:ssim'"),
])  # fmt: skip
def test_names_that_are_not_there(name, words):
    for ask in (registry.check, registry.get):
        with pytest.raises(BenchError, match=words):
            ask(name)


def test_a_library_that_is_not_installed_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BenchError, match="pip install pyiqa"):
        registry.check("pyiqa:musiq")


def test_weights_that_cannot_be_had_skip_the_metric(monkeypatch, pair):
    def offline(**options):
        raise OSError("no route to host")

    monkeypatch.setattr(piq, "DISTS", offline)
    from bench.outcome import Skip

    with pytest.raises(Skip, match="piq could not load dists: no route to host"):
        registry.get("piq:dists").begin(ClipFacts("test"), Resources())


def test_a_network_is_made_once_per_resources(monkeypatch):
    made = []

    class Network:
        def __init__(self, **options):
            made.append(options)

        def to(self, device):
            return self

    monkeypatch.setattr(piq, "DISTS", Network)
    resources = Resources()
    for _ in range(2):
        registry.get("piq:dists").begin(ClipFacts("test"), resources)
    assert len(made) == 1


@pytest.mark.skipif(importlib.util.find_spec("pyiqa") is None, reason="pyiqa is not installed")
@pytest.mark.slow
def test_pyiqa_by_name(pair):
    pred, ref = pair
    psnr = score("pyiqa:psnr", pred, ref)
    assert psnr.value == pytest.approx(score("psnr", pred, ref).value, abs=1e-3)
    assert registry.get("pyiqa:niqe").direction == "lower"
    with pytest.raises(BenchError, match="folders"):
        registry.get("pyiqa:fid")
    with pytest.raises(BenchError, match="there is no metric"):
        registry.get("pyiqa:psrn")
