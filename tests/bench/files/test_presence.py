from pathlib import Path

import pytest

from bench.files.presence import is_file, is_folder, is_there

ZERO = Path("/dev/zero")


@pytest.mark.parametrize("name", ["a" * 5000, "a\0b", "/".join("a" * 5000), "file/inside", "\udcff\ud800" * 300])
def test_a_name_that_no_system_holds_is_that_of_nothing(tmp_path, name):
    (tmp_path / "file").touch()
    path = tmp_path / name
    assert not is_file(path)
    assert not is_folder(path)
    assert not is_there(path)


def test_what_is_there_is_there(tmp_path):
    file = tmp_path / "file"
    file.touch()
    assert (is_file(file), is_folder(file), is_there(file)) == (True, False, True)
    assert (is_file(tmp_path), is_folder(tmp_path), is_there(tmp_path)) == (False, True, True)


@pytest.mark.skipif(not ZERO.exists(), reason="no devices here")
def test_a_device_is_no_file():
    assert not is_file(ZERO)
