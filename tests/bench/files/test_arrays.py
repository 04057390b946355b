import io
import zipfile

import numpy as np
import pytest

from bench.files.arrays import read_arrays

HEAD = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"


def member(head=HEAD, body=b"\0" * 12):
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + body


def write(path, content):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", content)
    return path


def test_arrays_come_back(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", a=np.arange(3, dtype=np.float32), b=np.array("x"))
    found = read_arrays(tmp_path / "a.npz")
    assert found["a"].tolist() == [0, 1, 2]
    assert found["b"] == "x"
    assert read_arrays(write(tmp_path / "b.npz", member()))["a"].dtype == np.float32


@pytest.mark.parametrize(
    "content",
    [
        member(HEAD.replace("(3,)", "(999999999999999,)")),
        member(HEAD.replace("(3,)", "(" * 400)),
        member(HEAD.replace("'shape'", "'shape")),
        member(HEAD.replace("<f4", "|O")),
        b"no array at all",
    ],
    ids=["larger than any memory", "nested", "no Python", "objects", "bytes"],
)
def test_whatever_the_bytes_are_it_is_one_kind_of_error(tmp_path, content):
    with pytest.raises(ValueError, match=r"\w"):
        read_arrays(write(tmp_path / "a.npz", content))


def test_objects_are_not_brought_to_life(tmp_path):
    class Loud:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    stream = io.BytesIO()
    np.save(stream, np.array([Loud()], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle"):
        read_arrays(write(tmp_path / "a.npz", stream.getvalue()))
    assert not (tmp_path / "ran").exists()
