import dataclasses
import hashlib
import io
import multiprocessing
import re

import platformdirs
import pytest
import torch

from bench.errors import BenchError, WeightsError
from bench.weights import fetch as fetching
from bench.weights import files, registry
from bench.weights.download import Patience
from bench.weights.fetch import fetch
from tests.bench.weights.server import Conduct, serving

PATIENCE = Patience(connect=1, stall=0.4, retries=2, pause=0.01)


def tensors(seed=0):
    buffer = io.BytesIO()
    torch.save({"weight": torch.randn(20_000, generator=torch.Generator().manual_seed(seed))}, buffer)
    return buffer.getvalue()


BODY = tensors()
SHA = hashlib.sha256(BODY).hexdigest()


@pytest.fixture(autouse=True)
def lonely(monkeypatch, tmp_path):
    """No environment, no user cache, no memory of other tests."""
    monkeypatch.delenv(files.ENVIRONMENT, raising=False)
    monkeypatch.delenv(fetching.OFFLINE, raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name: str(tmp_path / "cache"))
    monkeypatch.setattr(fetching, "_silent_hosts", set())


@pytest.fixture
def register(monkeypatch):
    def add(*urls, **facts):
        weights = registry.WeightsFile(name="toy", file="toy.pth", licence="none", used_by=("fid",), urls=urls, **facts)
        monkeypatch.setitem(registry.REGISTRY, "toy", weights)

    return add


def test_fetched_once_whole_verified_and_pinned(tmp_path, register):
    conduct = Conduct(BODY)
    with serving(conduct) as url:
        register(url, prefix=SHA[:8])
        path = fetch("toy", tmp_path, patience=PATIENCE)
        assert fetch("toy", tmp_path, patience=PATIENCE) == path
    assert path == tmp_path / "toy.pth"
    assert path.read_bytes() == BODY
    assert (tmp_path / "toy.pth.sha256").read_text() == f"{SHA}  toy.pth\n"
    assert len(conduct.ranges) == 1
    assert not list(tmp_path.glob("*.part"))


def test_corrupt_mirror_is_passed_over(tmp_path, register):
    bad = bytearray(BODY)
    bad[5000] ^= 1
    with serving(Conduct(bytes(bad))) as first, serving(Conduct(BODY)) as second:
        register(first, second, prefix=SHA[:8])
        assert fetch("toy", tmp_path, patience=PATIENCE).read_bytes() == BODY


def test_only_corrupt_mirrors_leave_nothing_behind(tmp_path, register):
    with serving(Conduct(tensors(1))) as url:
        register(url, sha256=SHA)
        with pytest.raises(WeightsError, match=f"published is {SHA[:16]}"):
            fetch("toy", tmp_path, patience=PATIENCE)
    assert [path.name for path in tmp_path.iterdir()] == ["toy.pth.lock"]


def test_a_stale_part_gets_a_fresh_start(tmp_path, register):
    conduct = Conduct(BODY)
    with serving(conduct) as url:
        register(url, prefix=SHA[:8])
        host = re.sub("[:/]+", "_", url.split("/")[2])
        (tmp_path / f"toy.pth.{host}.part").write_bytes(b"\x80 of another version")
        assert fetch("toy", tmp_path, patience=PATIENCE).read_bytes() == BODY
    assert len(conduct.ranges) == 2


def test_a_broken_fetch_goes_on_in_the_next_one(tmp_path, register):
    conduct = Conduct(BODY, drop_after=[30_000, 0, 0])
    with serving(conduct) as url:
        register(url, prefix=SHA[:8])
        with pytest.raises(WeightsError):
            fetch("toy", tmp_path, patience=PATIENCE)
        assert not (tmp_path / "toy.pth").exists()
        fetch("toy", tmp_path, patience=PATIENCE)
    assert conduct.ranges[-1] == "bytes=16384-"  # whole blocks of the 30,000 bytes
    assert (tmp_path / "toy.pth").read_bytes() == BODY


def test_a_web_page_is_no_weights_even_without_a_digest(tmp_path, register):
    with serving(Conduct(b"<html>please log in</html>")) as url:
        register(url)
        with pytest.raises(WeightsError, match="no file of weights"):
            fetch("toy", tmp_path, patience=PATIENCE)


def test_without_network_the_sentence_says_what_to_do_by_hand(tmp_path, register):
    with serving(Conduct(BODY)) as url:
        register(url)
    with pytest.raises(WeightsError) as error:
        fetch("toy", tmp_path, patience=PATIENCE)
    message = str(error.value)
    assert "toy.pth" in message
    assert str(tmp_path) in message
    assert "--weights-dir" in message
    assert "\n" not in message


def test_silent_hosts_are_asked_once_in_a_run(tmp_path, register, monkeypatch):
    asked = []

    def nobody(url, part, **options):
        asked.append(url)
        raise fetching.Unreachable("no connection")

    monkeypatch.setattr(fetching, "download", nobody)
    register("http://a.example/x", "http://a.example/y", "http://b.example/x", "http://c.example/x")
    for _ in range(2):
        with pytest.raises(WeightsError):
            fetch("toy", tmp_path, give_up_on_silent_hosts=True)
    assert asked == ["http://a.example/x", "http://b.example/x"]


def test_offline_switch(tmp_path, register, monkeypatch):
    conduct = Conduct(BODY)
    monkeypatch.setenv(fetching.OFFLINE, "1")
    with serving(conduct) as url:
        register(url)
        with pytest.raises(WeightsError, match=fetching.OFFLINE):
            fetch("toy", tmp_path)
    assert conduct.ranges == []


def test_folder_that_cannot_be_written(tmp_path, register):
    (tmp_path / "file").write_text("")
    with serving(Conduct(BODY)) as url:
        register(url)
        with pytest.raises(WeightsError, match="cannot be stored"):
            fetch("toy", tmp_path / "file" / "below")


def test_weights_of_a_package_that_is_not_installed(register):
    register(package="no_such_package_here")
    with pytest.raises(WeightsError, match="pip install --force-reinstall no_such_package_here"):
        fetch("toy")


def _fetch_in_process(url, folder):
    toy = registry.WeightsFile("toy", "toy.pth", "none", ("fid",), (url,), prefix=SHA[:8])
    registry.REGISTRY["toy"] = toy
    fetch("toy", folder, patience=PATIENCE)


def test_processes_that_start_together_fetch_once(tmp_path):
    conduct = Conduct(BODY)
    context = multiprocessing.get_context("fork")
    with serving(conduct) as url:
        workers = [context.Process(target=_fetch_in_process, args=(url, tmp_path)) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(conduct.ranges) == 1


def test_every_official_file_has_a_source_a_licence_and_a_user():
    for name, weights in registry.REGISTRY.items():
        assert weights.name == name
        assert weights.licence
        assert weights.used_by
        assert weights.urls or weights.package
        assert all(url.startswith("https://") for url in weights.urls)
        assert weights.prefix in weights.file
    assert dataclasses.is_dataclass(registry.WeightsFile)


def test_unknown_names_get_a_hint():
    with pytest.raises(BenchError, match="did you mean inception"):
        registry.get("incepton")
