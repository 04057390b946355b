import hashlib
import os
import tempfile
from pathlib import Path

import platformdirs
import pytest

from bench.errors import WeightsError
from bench.weights import files, registry
from bench.weights.registry import REGISTRY

ROOT = Path(__file__).parents[3]
GOOD = b"\x80\x02 good"
SHA = hashlib.sha256(GOOD).hexdigest()


@pytest.fixture(autouse=True)
def lonely(monkeypatch, tmp_path):
    monkeypatch.delenv(files.ENVIRONMENT, raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name: str(tmp_path / "cache"))


def toy(**facts):
    return registry.WeightsFile("toy", "toy.pth", "none", ("fid",), **facts)


def test_folders_in_their_order(tmp_path, monkeypatch):
    cache = tmp_path / "cache" / "weights"
    assert files.folders() == [cache]
    monkeypatch.setenv(files.ENVIRONMENT, str(tmp_path / "env"))
    assert files.folders(tmp_path / "given") == [tmp_path / "given", tmp_path / "env", cache]


def test_found_under_a_mirrors_name_and_in_any_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(files.ENVIRONMENT, str(tmp_path))
    assert files.locate("inception") is None
    mirror = tmp_path / "weights-inception-2015-12-05-6726825d.pth"
    mirror.write_bytes(b"")
    assert files.locate("inception", tmp_path / "elsewhere") == mirror
    own = tmp_path / "elsewhere" / "pt_inception-2015-12-05-6726825d.pth"
    own.parent.mkdir()
    own.write_bytes(b"")
    assert files.locate("inception", tmp_path / "elsewhere") == own


def test_heads_of_the_lpips_package_are_the_published_ones():
    for name in ("lpips_alex_heads", "lpips_vgg_heads"):
        path = files.locate(name)
        assert path is not None
        assert files.verified(registry.get(name), path) == registry.get(name).sha256


@pytest.mark.parametrize("facts", [{"sha256": SHA}, {"prefix": SHA[:8]}, {}])
def test_the_right_file_is_good(tmp_path, facts):
    path = tmp_path / "toy.pth"
    path.write_bytes(GOOD)
    assert files.verified(toy(**facts), path) == SHA
    assert files.pin_of(path).exists() == ("prefix" in facts)
    files.pin(toy(**facts), path)
    assert files.pin_of(path).exists() == ("sha256" not in facts)


@pytest.mark.parametrize("facts", [{"sha256": "0" * 64}, {"prefix": "00000000"}])
def test_a_published_digest_refuses_another_file(tmp_path, facts):
    path = tmp_path / "toy.pth"
    path.write_bytes(GOOD)
    with pytest.raises(WeightsError, match="damaged or another file"):
        files.verified(toy(**facts), path)
    assert not files.pin_of(path).exists()


def test_a_file_may_not_change_after_it_was_pinned(tmp_path):
    path = tmp_path / "toy.pth"
    path.write_bytes(GOOD)
    files.pin(toy(), path)
    path.write_bytes(GOOD + b"!")
    with pytest.raises(WeightsError, match="changed since it was first seen"):
        files.verified(toy(), path)
    path.write_bytes(GOOD)
    assert files.verified(toy(), path) == SHA


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path, monkeypatch):
    path = tmp_path / "toy.pth"
    path.write_bytes(GOOD)
    (tmp_path / "toy.pth.sha256").mkdir()  # stands in for a read-only folder: root may write anywhere
    files.pin(toy(), path)
    assert files.verified(toy(), path) == SHA


def test_every_model_file_that_ships_is_registered():
    """With its digest: a changed file, or one that nobody registered, is found here."""
    shipped = sorted([*(ROOT / "bench" / "faces").glob("*.npz"), *(ROOT / "metrics" / "data").glob("*.npz")])
    ours = [weights for weights in REGISTRY.values() if weights.package in ("bench", "metrics")]
    assert len(shipped) >= 6
    assert sorted(files.locate(weights.name).resolve() for weights in ours) == shipped
    for weights in ours:
        assert weights.sha256 == files.digest(files.locate(weights.name))


def test_a_damaged_file_that_ships_is_no_download(tmp_path):
    other = tmp_path / "yunet.npz"
    other.write_bytes(b"x")
    with pytest.raises(WeightsError, match=r"published 8d6dbbf95a8a640d…\): install this benchmark anew") as error:
        files.verified(REGISTRY["yunet"], other)
    assert "fetch" not in str(error.value)


def test_a_user_without_a_home_has_a_folder(monkeypatch):
    def homeless(name):
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr(platformdirs, "user_cache_dir", homeless)
    assert files.cache_folder().parent == Path(tempfile.gettempdir())
    assert str(os.getuid()) in files.cache_folder().name
    assert files.folders() == [files.cache_folder() / "weights"]
