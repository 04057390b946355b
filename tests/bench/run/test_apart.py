"""Ids that a file system would take for one: refused there, and nowhere else."""

import unicodedata
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.file_names import folded
from bench.run.apart import check_apart

FORMS = [unicodedata.normalize(form, "Zoé") for form in ("NFC", "NFD")]


@pytest.fixture
def folding(monkeypatch):
    """A file system that tells neither capitals nor forms of accents apart, as macOS has it."""
    there = Path.exists
    monkeypatch.setattr(
        Path,
        "exists",
        lambda self: (
            there(self)
            or (self.parent.is_dir() and any(folded(path.name) == folded(self.name) for path in self.parent.iterdir()))
        ),
    )


@pytest.mark.parametrize("ids", [["a", "b", "A"], FORMS, ["straße", "STRASSE"]])
def test_ids_of_one_file_name_are_refused(folding, tmp_path, ids):
    with pytest.raises(BenchError, match=f"^clips '{ids[0]}' and '{ids[-1]}' have one file name on the file system of"):
        check_apart(ids, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_others_are_not(folding, tmp_path):
    check_apart(["a", "b", "é", "e", "a:b", "a_b"], tmp_path)


def test_a_system_that_tells_them_apart_keeps_both(tmp_path):
    (tmp_path / "probe").touch()
    if (tmp_path / "PROBE").exists():
        pytest.skip("this file system takes them for one")
    check_apart(["a", "A", *FORMS], tmp_path)
    check_apart(["a", "A"], tmp_path / "absent")
