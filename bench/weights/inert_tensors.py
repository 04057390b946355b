"""Tensors out of files of `torch.save`, whatever stands beside them: read by hand, nothing is imported or called.

The slow way of `bench.weights.tensor_files.read_file`, for what torch's own safe reader refuses, and for archives that
were unpacked.
"""

from __future__ import annotations

import io
import math
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, cast

import torch
from torch import Tensor

from bench.weights.inert_pickle import Call, DamagedPickle, Name, Persistent, read_pickle

_MAGIC: Final = 0x1950A86A20F9469CFC6C  # what files of torch before 1.6 begin with
_DTYPES: Final = {
    "Float": torch.float32,
    "Double": torch.float64,
    "Half": torch.float16,
    "BFloat16": torch.bfloat16,
    "Long": torch.int64,
    "Int": torch.int32,
    "Short": torch.int16,
    "Char": torch.int8,
    "Byte": torch.uint8,
    "Bool": torch.bool,
    "Untyped": torch.uint8,
}
_OPTIMIZER: Final = "optim"


@dataclass(slots=True)
class _Storages:
    """Bytes by key; `dtypes` and `views` are learnt from the pickle."""

    read: Callable[[str], bytes]
    swapped: bool = False
    dtypes: dict[str, torch.dtype] = field(default_factory=dict)
    known: dict[str, Tensor] = field(default_factory=dict)

    def __call__(self, key: str) -> Tensor:
        if key not in self.known:
            content = bytearray(self.read(key))
            dtype = self.dtypes[key]
            if self.swapped:
                wide = torch.frombuffer(content, dtype=torch.uint8).view(-1, dtype.itemsize)
                content = bytearray(wide.flip(1).contiguous().numpy().tobytes())
            self.known[key] = torch.frombuffer(content, dtype=dtype) if content else torch.empty(0, dtype=dtype)
        return self.known[key]


def read_archive(file: zipfile.ZipFile) -> object:
    """The content of a zip archive that `torch.save` wrote, or somebody packed again.

    Raises:
        DamagedPickle, CodeInPickle, KeyError: it is damaged, or calls what runs commands.
    """
    pickles = [name for name in file.namelist() if name.rpartition("/")[2] == "data.pkl"]
    if not pickles:
        raise DamagedPickle("it has no data.pkl")
    root = min(pickles, key=len).removesuffix("data.pkl")
    names = set(file.namelist())
    with file.open(f"{root}data.pkl") as source:
        pickle = io.BytesIO(source.read())
    swapped = f"{root}byteorder" in names and file.read(f"{root}byteorder").decode() != sys.byteorder
    return _content(read_pickle(pickle), _Storages(lambda key: file.read(f"{root}data/{key}"), swapped))


def read_folder(folder: Path) -> object:
    """The content of an unpacked archive; `folder` holds its `data.pkl`. Raises as `read_archive`, and OSError."""
    order = folder / "byteorder"
    swapped = order.is_file() and order.read_text(encoding="utf-8", errors="replace").strip() != sys.byteorder

    def storage(key: str) -> bytes:
        if not key.isalnum():  # never outside of the folder
            raise DamagedPickle(f"there is no tensor '{key}'")
        return (folder / "data" / key).read_bytes()

    with (folder / "data.pkl").open("rb") as file:
        return _content(read_pickle(file), _Storages(storage, swapped))


def read_stream(file: BinaryIO) -> object:
    """The content of a file of torch before 1.6, or of a bare pickle. Raises as `read_archive`."""
    first = read_pickle(file)
    if first != _MAGIC:
        return _content(first, _Storages(_nowhere))
    for _ in ("protocol", "system"):
        read_pickle(file)
    content = read_pickle(file)
    keys = read_pickle(file)
    storages = _Storages(_nowhere)
    _learn(content, storages)
    for key in map(str, keys if isinstance(keys, list) else ()):
        dtype = storages.dtypes.get(key)
        if dtype is None:
            raise DamagedPickle(f"tensor '{key}' is of no known type")
        count = int.from_bytes(file.read(8), "little") * dtype.itemsize
        values = file.read(count)
        if len(values) != count:
            raise DamagedPickle("it ends early")
        storages.known[key] = torch.frombuffer(bytearray(values), dtype=dtype) if count else torch.empty(0, dtype=dtype)
    return _content(content, storages)


def _nowhere(key: str) -> bytes:
    raise DamagedPickle(f"there is no tensor '{key}'")


def _learn(content: object, storages: _Storages) -> None:
    for persistent in _persistents(content):
        _key(persistent, storages)


def _persistents(content: object) -> Iterator[Persistent]:
    """Every persistent entry; by a list of what is to do, not by recursion: a file may nest as deep as it likes."""
    seen: set[int] = set()
    todo = [content]
    while todo:
        value = todo.pop()
        if isinstance(value, Persistent):
            yield value
        elif isinstance(value, dict | list | tuple | Call) and id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, dict):
                todo += value.values()
            elif isinstance(value, Call):
                todo += [*value.arguments, value.state]
            else:
                todo += value


def _key(persistent: Persistent, storages: _Storages) -> str:
    entry = persistent.key
    if not isinstance(entry, tuple) or len(entry) < 5 or entry[0] != "storage" or not isinstance(entry[1], Name):
        raise DamagedPickle("a tensor lies in no storage")
    dtype = _DTYPES.get(entry[1].name.removesuffix("Storage"))
    if dtype is None:
        raise DamagedPickle(f"tensors of {entry[1]} are not read")
    key = str(entry[2])
    storages.dtypes.setdefault(key, dtype)
    return key


def _content(value: object, storages: _Storages, *, depth: int = 0, skip: bool = False) -> object:
    """`value` with tensors where its calls rebuild some; those of optimizers stay what they are, and are not read."""
    if depth > 30:
        return None
    if isinstance(value, Mapping):
        return {
            key: _content(each, storages, depth=depth + 1, skip=skip or (isinstance(key, str) and _OPTIMIZER in key))
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return type(value)(_content(each, storages, depth=depth + 1, skip=skip) for each in value)
    if isinstance(value, Call) and not skip:
        return _number(value) if str(value).endswith("multiarray.scalar") else _tensor(value, storages)
    return value


def _tensor(call: Call, storages: _Storages) -> object:
    arguments, name = call.arguments, str(call)
    if name in ("torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state") or (
        name.startswith("torch.nn.") and name.endswith(".Parameter")
    ):
        return _tensor(arguments[0], storages) if arguments and isinstance(arguments[0], Call) else call
    if name == "torch._tensor._rebuild_from_type_v2":
        return (
            _tensor(Call(arguments[0], arguments[2]), storages)
            if len(arguments) > 2 and isinstance(arguments[2], tuple)
            else call
        )
    if name not in ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor") or len(arguments) < 4:
        return call
    place, offset, size, stride = arguments[:4]
    if isinstance(place, Call) and str(place) == "torch.storage._load_from_bytes":
        values = _packed(place)
    elif isinstance(place, Persistent):
        key = _key(place, storages)
        values = storages(key)
        view = cast(tuple[object, ...], place.key)[5:6]
        if view and isinstance(view[0], tuple):
            _, begin, length = view[0]
            values = values[begin : begin + length]
    else:
        return call
    shape, steps = _numbers(size), _numbers(stride)
    if not isinstance(offset, int) or not all(isinstance(each, int) and each >= 0 for each in (offset, *shape, *steps)):
        raise DamagedPickle("a tensor has no size")
    if math.prod(shape) > 0 and offset + sum((n - 1) * s for n, s in zip(shape, steps, strict=True)) >= len(values):
        raise DamagedPickle("a tensor reaches beyond its storage")
    return values.as_strided(shape, steps, offset)


def _packed(place: Call) -> Tensor:
    """The storage that a plain `pickle.dump` of a tensor carries: a whole file of torch, as bytes."""
    content = _bytes(place.arguments[0] if place.arguments else None)
    if content is None:
        raise DamagedPickle("a tensor lies in no storage")
    file = io.BytesIO(content)
    if read_pickle(file) != _MAGIC:
        raise DamagedPickle("a tensor lies in no storage")
    read_pickle(file)
    read_pickle(file)
    entry = read_pickle(file)
    if not isinstance(entry, Persistent):
        raise DamagedPickle("a tensor lies in no storage")
    storages = _Storages(_nowhere)
    key = _key(entry, storages)
    read_pickle(file)
    file.read(8)
    values = file.read()
    if not values:
        return torch.empty(0, dtype=storages.dtypes[key])
    return torch.frombuffer(bytearray(values), dtype=storages.dtypes[key])


def _numbers(value: object) -> tuple[int, ...]:
    """A tuple of numbers, or the `torch.Size` around one."""
    if isinstance(value, Call) and value.arguments:
        value = value.arguments[0]
    return value if isinstance(value, tuple) else ()


def _bytes(value: object) -> bytes | None:
    """Bytes as every protocol of pickle writes them."""
    if isinstance(value, Call) and str(value) == "_codecs.encode" and isinstance(value.arguments[0], str):
        return value.arguments[0].encode("latin1", "replace")
    if isinstance(value, str):
        return value.encode("latin1", "replace")
    return bytes(value) if isinstance(value, bytes | bytearray) else None


def _number(call: Call) -> object:
    """A scalar of numpy as Python's number; what else it may be stays as it is."""
    if len(call.arguments) != 2 or not isinstance(call.arguments[0], Call) or not call.arguments[0].arguments:
        return call
    kind, content = str(call.arguments[0].arguments[0]), _bytes(call.arguments[1])
    if kind[:1] not in ("i", "u") or content is None:
        return call
    return int.from_bytes(content, "little", signed=kind[0] == "i")
