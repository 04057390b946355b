"""What has not loaded as the network is not pinned, and so stands in no good file's way."""

import platformdirs
import pytest
import torch

from bench import weights
from bench.commands import doctor
from bench.commands.weights import main
from bench.errors import WeightsError
from bench.weights import fetch, files
from bench.weights.resources import Resources
from bench.weights.state_dicts import resolve, weights_digest
from metrics.lse import _network
from tests.syncnet import recipe

PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head></html>"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 54573114\n"


@pytest.fixture(autouse=True)
def lonely(monkeypatch, tmp_path):
    monkeypatch.delenv(files.ENVIRONMENT, raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name: str(tmp_path / "cache"))
    monkeypatch.setenv(fetch.OFFLINE, "1")


def other_network(path):
    torch.save({"features.0.weight": torch.ones(2)}, path)


def cut_file(path):
    torch.save(dict(recipe.weights()), path)
    path.write_bytes(path.read_bytes()[:100_000])


WRONG = {
    "page": lambda path: path.write_bytes(PAGE),
    "pointer": lambda path: path.write_bytes(LFS),
    "another": other_network,
    "cut": cut_file,
    "nothing": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_the_good_file_loads_after_a_wrong_one(tmp_path, monkeypatch, wrong, capsys):
    path = tmp_path / "syncnet_v2.model"
    WRONG[wrong](path)
    monkeypatch.setenv(files.ENVIRONMENT, str(tmp_path))
    with pytest.raises(WeightsError, match="syncnet"):
        _network(Resources())
    (found,) = [each for each in doctor._weights() if each.name == "weights syncnet"]
    assert found.state == "broken"
    assert "fetch syncnet" in found.remedy
    if wrong != "another":  # a whole file of tensors; only its network tells
        assert main(["verify", "syncnet"]) == 2
        assert "good, sha256" not in capsys.readouterr().out
    assert not files.pin_of(path).exists()

    torch.save(dict(recipe.weights()), path)
    assert main(["verify", "syncnet"]) == 0
    assert not files.pin_of(path).exists()
    _network(Resources())
    assert files.pin_of(path).read_text().split()[0] == files.digest(path)
    (found,) = [each for each in doctor._weights() if each.name == "weights syncnet"]
    assert found.state == "works"

    path.write_bytes(PAGE)
    with pytest.raises(WeightsError, match="has changed since it was first seen"):
        weights_digest("syncnet", Resources())


def test_a_file_given_by_option_is_not_pinned(tmp_path):
    path = tmp_path / "mine.model"
    torch.save(dict(recipe.weights()), path)
    _network(Resources(weights={"syncnet": path}))
    assert not files.pin_of(path).exists()


def test_prefixes_and_entries_beside_the_tensors(tmp_path):
    path = tmp_path / "mine.model"
    torch.save({f"module.{name}": tensor for name, tensor in recipe.weights().items()} | {"step": 3}, path)
    assert resolve("syncnet", Resources(weights={"syncnet": path})).keys() == recipe.weights().keys()


def test_weights_of_another_network_name_it():
    state = {"features.0.weight": 1, "features.10.weight": 1, "classifier.1.weight": 1}
    with pytest.raises(WeightsError, match=r"they look like those of AlexNet \(weights 'alexnet'\)"):
        weights.fit(torch.nn.Linear(1, 1), {name: torch.ones(1) for name in state}, "syncnet")
