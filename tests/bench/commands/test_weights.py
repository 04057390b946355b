import subprocess
import sys

import platformdirs
import pytest

from bench.commands.weights import main
from bench.errors import BenchError, WeightsError
from bench.weights import fetch, files


@pytest.fixture(autouse=True)
def lonely(monkeypatch, tmp_path):
    monkeypatch.delenv(files.ENVIRONMENT, raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name: str(tmp_path / "cache"))
    monkeypatch.setenv(fetch.OFFLINE, "1")


def test_list_tells_present_from_missing(tmp_path, capsys):
    (tmp_path / "syncnet_v2.model").write_bytes(b"x")
    assert main(["--weights-dir", str(tmp_path)]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert "missing" in lines["inception"]
    assert "present" in lines["syncnet"]
    assert "not here" in lines["vgg16"]
    assert lines["fetch"].endswith("weights fetch inception alexnet")
    assert str(tmp_path) in lines["folders:"]


def test_list_names_what_ships(tmp_path, capsys):
    assert main(["--weights-dir", str(tmp_path)]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    for name in ("yunet", "face_mesh", "face_identity", "niqe_live", "lpips_alex_heads"):
        assert lines[name].split()[1] == "shipped"
    assert "MIT" in lines["yunet"]
    assert "lse_c" in lines["yunet"]


def test_verify_finds_the_damaged_file(tmp_path, capsys):
    (tmp_path / "alexnet-owt-7be5be79.pth").write_bytes(b"x")
    assert main(["verify", "--weights-dir", str(tmp_path), "lpips_alex_heads"]) == 0
    assert "good, sha256 df73285e" in capsys.readouterr().out
    assert main(["verify", "--weights-dir", str(tmp_path)]) == 2
    assert "damaged or another file" in capsys.readouterr().out


def test_path(tmp_path, capsys):
    (tmp_path / "syncnet_v2.model").write_bytes(b"x")
    assert main(["path", "syncnet", "--weights-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "syncnet_v2.model")
    with pytest.raises(WeightsError, match="weights fetch inception"):
        main(["path", "inception"])


def test_fetch_says_what_failed_and_still_tries_the_others(capsys):
    with pytest.raises(WeightsError) as error:
        main(["fetch", "inception", "lpips_alex_heads", "syncnet"])
    assert "alex.pth" in capsys.readouterr().out
    assert str(error.value).count("could not be fetched") == 2


def test_unknown_name():
    with pytest.raises(BenchError, match="no weights 'resnet'"):
        main(["fetch", "resnet"])


def test_answers_without_torch():
    code = "import sys; from bench.commands.weights import main; main([]); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
