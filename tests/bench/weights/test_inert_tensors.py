"""Nothing in a file is executed, and what holds the tensors is found beside it."""

import argparse
import collections
import datetime
import functools
import io
import os
import pathlib
import pickle
import subprocess
import zipfile

import numpy as np
import pytest
import torch

from bench.errors import WeightsError
from bench.weights.inert_pickle import Call, CodeInPickle, DamagedPickle, Name, read_pickle
from bench.weights.inert_tensors import read_archive, read_folder, read_stream
from bench.weights.tensor_files import read_file

STATE = {
    "half": torch.arange(6.0).half().view(2, 3),
    "brain": torch.arange(3.0).bfloat16(),
    "double": torch.arange(3.0).double(),
    "whole": torch.tensor(7),
    "turned": torch.arange(6.0).view(2, 3).T,
    "part": torch.arange(10.0)[4:7],
    "none": torch.empty(0, 3),
    "learnt": torch.nn.Parameter(torch.ones(2)),
}


class Setting:
    """A class of the trainer's own project."""

    def __init__(self):
        self.rate = 2e-4


def beside():
    return {
        "epoch": np.int64(12),
        "loss": np.float32(0.5),
        "curve": np.arange(3.0),
        "options": argparse.Namespace(lr=1e-4, out=pathlib.PurePosixPath("/x")),
        "when": datetime.datetime(2021, 9, 1),
        "setting": Setting(),
        "best": collections.defaultdict(list, a=[1]),
        "some": {1, 2},
        "deep": functools.reduce(lambda inner, _: [inner], range(50), 1),
    }


def content(path, legacy):
    file = io.BytesIO(path.read_bytes())
    return read_stream(file) if legacy else read_archive(zipfile.ZipFile(file))


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("protocol", [2, 4])
def test_tensors_are_the_same_as_by_torch(tmp_path, legacy, protocol):
    path = tmp_path / "a.pth"
    saved = {"state": STATE, **beside()}
    torch.save(saved, path, _use_new_zipfile_serialization=not legacy, pickle_protocol=protocol)
    read = content(path, legacy)
    assert read["epoch"] == 12
    for name, tensor in STATE.items():
        assert read["state"][name].dtype == tensor.dtype
        assert torch.equal(read["state"][name], tensor.detach()), name


def test_an_unpacked_archive_and_one_packed_anew(tmp_path):
    torch.save({"state": STATE, **beside()}, tmp_path / "a.pth")
    with zipfile.ZipFile(tmp_path / "a.pth") as archive:
        archive.extractall(tmp_path / "folder")
    (root,) = (path.parent for path in (tmp_path / "folder").glob("*/data.pkl"))
    assert torch.equal(read_folder(root)["state"]["turned"], STATE["turned"])
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in root.rglob("*"):
            archive.write(file, f"up/{file.relative_to(root)}")
    for path in (root, root.parent, tmp_path / "b.zip"):
        assert torch.equal(read_file(path).value["state"]["turned"], STATE["turned"])


def test_a_plain_pickle_of_tensors(tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"a": STATE["turned"], "epoch": np.int64(3)}))
    read = read_file(tmp_path / "a.pkl").value
    assert torch.equal(read["a"], STATE["turned"])
    assert read["epoch"] == 3


class Reduced:
    """Pickles as the call that it is given."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def attacks(mark):
    command = f"touch {mark}"
    yield "system", Reduced(os.system, command)
    yield "shell", Reduced(subprocess.check_output, ["touch", str(mark)])
    yield "eval", Reduced(eval, f"open({str(mark)!r}, 'w')")
    yield "method", Reduced(pathlib.Path.touch, pathlib.Path(mark))
    yield "map", Reduced(list, Reduced(map, pathlib.Path.touch, [pathlib.Path(mark)]))
    yield "partial", Reduced(functools.partial(os.mkdir, str(mark)))
    yield "getattr", Reduced(getattr, Setting, "__init__")
    yield "load", Reduced(torch.load, str(mark))
    yield "nested", Reduced(pickle.loads, pickle.dumps(Reduced(os.mkdir, str(mark))))
    yield "key", {"x": [Reduced(os.mkdir, str(mark)), (Reduced(os.mkdir, str(mark)),)]}


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("which", range(10))
def test_nothing_is_executed(tmp_path, legacy, which):
    mark, path = tmp_path / "executed", tmp_path / "a.pth"
    _, attack = list(attacks(mark))[which]
    torch.save({"a": STATE["half"], "b": attack}, path, _use_new_zipfile_serialization=not legacy)
    try:
        assert torch.equal(read_file(path).value["a"], STATE["half"])
    except WeightsError as error:
        assert "holds more than tensors, which could run code on loading" in str(error)  # noqa: PT017
    assert not mark.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"cposix\nsystem\n(S'touch executed'\ntR.",
        b"(S'touch executed'\niposix\nsystem\n.",
        b"(cposix\nsystem\nS'touch executed'\no.",
        b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x0etouch executed\x85R.",
        b"\x80\x02cposix\nsystem\nX\x0e\x00\x00\x00touch executed\x85\x81.",
        b'c__builtin__\neval\n(S\'open("executed","w")\'\ntR.',
    ],
)
def test_every_way_to_call_is_only_read(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CodeInPickle, match=r"posix.system|__builtin__.eval"):
        read_pickle(io.BytesIO(content))
    assert not list(tmp_path.iterdir())


def test_a_name_can_be_given_no_state():
    """BUILD on a function or a class would change the running program."""
    rebuild = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x0c\x00\x00\x00__defaults__K\x01sb."
    assert read_pickle(io.BytesIO(rebuild)) == Name("torch._utils", "_rebuild_tensor_v2")
    assert torch._utils._rebuild_tensor_v2.__defaults__ == (None,)


def test_calls_are_records():
    read = read_pickle(io.BytesIO(pickle.dumps(Setting())))
    assert isinstance(read, Call)
    assert read.state == {"rate": 2e-4}


@pytest.mark.parametrize(
    "content", [b"", b".", b"\x80\x02]", b"t.", b"\x80\x02h\x07.", b"\x82\x01.", b"\x80\x02\x8a\xff"]
)
def test_what_is_no_pickle(content):
    with pytest.raises(DamagedPickle):
        read_pickle(io.BytesIO(content))


def test_a_tensor_cannot_reach_beyond_its_storage(tmp_path):
    path = tmp_path / "a.pth"
    torch.save({"a": torch.ones(3), "b": np.int64(1)}, path)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(tmp_path / "b.pth", "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name)[:8] if name.endswith("/data/0") else source.read(name))
    with pytest.raises(WeightsError, match=r"beyond its storage|cut off or damaged"):
        read_file(tmp_path / "b.pth")


def test_optimizers_are_not_read(tmp_path):
    path = tmp_path / "a.pth"
    torch.save({"a": torch.ones(3), "optimizer": {"state": {0: {"m": torch.ones(5)}}}, "epoch": np.int64(1)}, path)
    read = read_file(path).value
    assert isinstance(read["optimizer"]["state"][0]["m"], Call)
    assert torch.equal(read["a"], torch.ones(3))
