import pickle
import sys
import tempfile
from pathlib import Path

import platformdirs
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bench.errors import WeightsError
from bench.outcome import Skip
from bench.weights import fetch, files, state_dicts
from bench.weights.resources import Resources
from bench.weights.state_dicts import load_tensors, resolve, weights_digest
from model.facevid2vid.checkpoint import read_checkpoint

STATE = {"b": torch.arange(3.0), "a": torch.ones(2, 2)}


@pytest.fixture(autouse=True)
def lonely(monkeypatch, tmp_path):
    monkeypatch.delenv(files.ENVIRONMENT, raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name: str(tmp_path / "cache"))
    monkeypatch.setattr(state_dicts, "_failed", {})
    monkeypatch.setenv(fetch.OFFLINE, "1")


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("legacy", [False, True])
def test_files_of_both_formats(tmp_path, legacy):
    path = tmp_path / "state.pth"
    torch.save(STATE, path, _use_new_zipfile_serialization=not legacy)
    assert same(load_tensors(path), STATE)


class Bomb:
    def __reduce__(self):
        return (sys.exit, ("executed",))


@pytest.mark.parametrize("write", [torch.save, lambda bomb, path: path.write_bytes(pickle.dumps(bomb, protocol=2))])
def test_code_in_a_file_is_not_executed(tmp_path, write):
    path = tmp_path / "bomb.pth"
    write({"a": Bomb()}, path)
    with pytest.raises(WeightsError, match="holds more than tensors, which could run code"):
        load_tensors(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"\x80\x02garbage", b"<html>"])
def test_damaged_files_are_one_sentence(tmp_path, content):
    path = tmp_path / "bad.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"bad\.pth") as error:
        load_tensors(path)
    assert "\n" not in str(error.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300), st.binary(max_size=60).map(lambda tail: b"\x80\x02" + tail), st.text().map(str.encode)
    )
)
@example(b"root:x:0:0:root:/root:/bin/bash\n")
@example(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
def test_any_bytes_at_all_are_one_sentence(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bad.pth"
        path.write_bytes(content)
        with pytest.raises(WeightsError, match=r"bad\.pth") as error:
            load_tensors(path)
        with pytest.raises(WeightsError, match=r"bad\.pth"):
            read_checkpoint(path)
    assert "\n" not in str(error.value)


def test_other_things_than_tensors_are_refused(tmp_path):
    path = tmp_path / "epoch.pth"
    torch.save({"state_dict": STATE, "epoch": 3}, path)
    with pytest.raises(WeightsError, match="not a state dict"):
        load_tensors(path)


def test_injected_dict_and_injected_file(tmp_path):
    path = tmp_path / "mine.pth"
    torch.save(STATE, path)
    assert resolve("inception", Resources(weights={"inception": STATE})) is STATE
    assert same(resolve("inception", Resources(weights={"inception": path})), STATE)
    with pytest.raises(WeightsError, match=r"no file .*absent"):
        resolve("inception", Resources(weights={"inception": tmp_path / "absent.pth"}))


def test_file_in_the_weights_dir_is_verified(tmp_path):
    torch.save(STATE, tmp_path / "syncnet_v2.model")
    resources = Resources(weights_dir=tmp_path)
    assert same(resolve("syncnet", resources), STATE)
    assert weights_digest("syncnet", resources) == files.digest(tmp_path / "syncnet_v2.model")
    state_dicts.pin("syncnet", resources)
    torch.save({"a": torch.zeros(1)}, tmp_path / "syncnet_v2.model")
    with pytest.raises(WeightsError, match="changed"):
        resolve("syncnet", resources)
    torch.save(STATE, tmp_path / "alexnet-owt-7be5be79.pth")
    with pytest.raises(WeightsError, match="7be5be79"):
        resolve("alexnet", resources)


@pytest.mark.parametrize("download", [False, True])
def test_missing_weights_skip_with_the_command_that_mends_it(download):
    with pytest.raises(Skip, match=r"^weights missing: inception, run 'python benchmark.py weights fetch inception'"):
        resolve("inception", Resources(download=download))


def test_a_failed_fetch_is_remembered(monkeypatch):
    calls = []

    def fail(name, *args, **options):
        calls.append(name)
        raise WeightsError("no network")

    monkeypatch.setattr(fetch, "fetch", fail)
    for _ in range(3):
        with pytest.raises(Skip, match="no network"):
            resolve("vgg16", Resources())
    assert calls == ["vgg16"]


def test_first_use_fetches(tmp_path, monkeypatch):
    path = tmp_path / "got.pth"
    torch.save(STATE, path)
    monkeypatch.setattr(fetch, "fetch", lambda name, *args, **options: path)
    assert same(resolve("syncnet", Resources()), STATE)


def test_identity_of_a_state_dict_is_of_its_content():
    def of(state):
        return weights_digest("inception", Resources(weights={"inception": state}))

    assert of(STATE) == of(dict(reversed(STATE.items()))) == of({k: v.clone() for k, v in STATE.items()})
    others = [STATE | {"a": torch.zeros(2, 2)}, STATE | {"a": torch.ones(4)}, {"b": STATE["b"], "c": STATE["a"]}]
    assert len({of(STATE), *(of(other) for other in others)}) == 4
