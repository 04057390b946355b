import ast
import hashlib

import pytest

from bench.files import digest
from bench.files.digest import file_digest
from docs import rooms


@pytest.mark.parametrize("content", [b"", b"abc", bytes(range(256)) * 40])
@pytest.mark.parametrize("piece", [7, 1 << 24])
def test_it_is_the_sha256_of_the_content(tmp_path, monkeypatch, content, piece):
    monkeypatch.setattr(digest, "_PIECE", piece)
    path = tmp_path / "file"
    path.write_bytes(content)
    assert file_digest(path) == hashlib.sha256(content).hexdigest()


def test_a_known_value(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")  # FIPS 180-2, B.1
    assert file_digest(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        file_digest(tmp_path / "gone")


def test_no_other_module_digests_files():
    """Nor writes temporary files of its own, but for the two that stream into them."""
    digesting, temporary = set(), set()
    for module, path in rooms.modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                if node.attr == "file_digest" or (node.attr == "sha256" and "read_bytes" in ast.dump(node)):
                    digesting.add(module)
                if node.attr in ("mkstemp", "NamedTemporaryFile"):
                    temporary.add(module)
    assert digesting == set()
    assert temporary == {"bench.media.video_writer"}
