import os
import stat
import threading

import pytest

from bench.files.atomic_write import write_atomically, write_text


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


def test_folders_are_made_and_line_ends_kept(tmp_path):
    path = tmp_path / "a" / "b" / "table.csv"
    write_text(path, "one\r\ntwo\n")
    assert path.read_bytes() == b"one\r\ntwo\n"


def test_the_temporary_file_lies_beside_and_has_the_suffix(tmp_path):
    seen = []
    write_atomically(tmp_path / "frames.parquet", seen.append)
    assert (seen[0].parent, seen[0].suffix) == (tmp_path, ".parquet")
    assert seen[0].name != "frames.parquet"


@pytest.mark.skipif(os.name == "nt", reason="rights of POSIX")
@pytest.mark.parametrize(("mask", "rights"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_file_has_the_rights_of_any_new_file(tmp_path, mask, rights):
    before = os.umask(mask)
    try:
        write_text(tmp_path / "shared.txt", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "shared.txt").stat().st_mode) == rights


def test_writers_of_one_file_leave_one_of_their_texts(tmp_path):
    path, texts = tmp_path / "one.txt", [str(number) * 1000 for number in range(8)]
    threads = [threading.Thread(target=write_text, args=(path, text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts
    assert len(list(tmp_path.iterdir())) == 1
