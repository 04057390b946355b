import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.store import file_name, read_manifest, readable, write_atomically, write_text


@given(st.text())
def test_file_names_are_safe_everywhere(text):
    name = file_name(text)
    assert name not in ("", ".", "..")
    assert not set(name) & set('/\\:*?"<>|\0')
    assert len(name.encode("utf-8", "surrogateescape")) < 255


@given(st.text(), st.text())
def test_different_clips_get_different_files(first, second):
    if first != second:
        assert file_name(first) != file_name(second)


def test_ordinary_and_foreign_names_stay_as_they_are():
    for name in ("id10280#abc#000100#000200", "视频 测试", "take [1] (final)", "señor_$%&"):
        assert file_name(name) == name


def test_names_that_are_no_utf8_are_written_out(tmp_path):
    name = os.fsdecode(b"caf\xe9 \xff")
    assert readable(name) == r"caf\xe9 \xff"
    assert readable("café") == "café"
    write_text(tmp_path / "table.md", name)
    assert (tmp_path / "table.md").read_text("utf-8") == readable(name)


def test_an_interrupted_write_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "table.md"
    write_text(path, "old")

    def half(temporary):
        temporary.write_text("ne")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, half)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.md"]


@pytest.mark.parametrize("text", [None, "", "{", '{"schema_version": 99}'])
def test_a_broken_run_folder_is_one_sentence(tmp_path, text):
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    with pytest.raises(BenchError, match=r"run\.json"):
        read_manifest(tmp_path)
