import tempfile
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.run.engines.temporary_folder import own_temporary_folder


def test_what_nobody_removes_goes_with_the_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with own_temporary_folder():
        Path(tempfile.mkdtemp(), "left").write_text("by a killed process")
        assert len(list(tmp_path.rglob("left"))) == 1
    assert list(tmp_path.iterdir()) == []
    assert tempfile.gettempdir() == str(tmp_path)


def test_no_room_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(BenchError, match=r"no temporary folder can be made .*TMPDIR"), own_temporary_folder():
        pytest.fail("there is none")
