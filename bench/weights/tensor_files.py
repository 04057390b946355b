"""Files of tensors as people have them: of torch, safetensors, unpacked, or packed once more; read safely."""

from __future__ import annotations

import io
import pickle
import tarfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO, Final, cast

import torch

from bench.errors import WeightsError
from bench.weights.content import complaint_about, kind_of
from bench.weights.inert_pickle import CodeInPickle
from bench.weights.inert_tensors import read_archive, read_folder, read_stream

_WRAPPERS: Final = frozenset(["module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"])
_TENSORS: Final = ("archive", "pickle", "safetensors")


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What a file holds; `metadata` are the texts of a safetensors file."""

    value: object
    metadata: Mapping[str, str] = field(default_factory=dict)


def plain_name(name: str) -> str:
    """A tensor's name without what `DataParallel`, `torch.compile` and their like put into it.

    Example:
        >>> plain_name("_orig_mod.module.first.conv.weight")
        'first.conv.weight'
    """
    return ".".join(part for part in name.split(".") if part not in _WRAPPERS)


def read_file(path: Path) -> Content:
    """What the file (or the folder that an archive was unpacked to) holds; none of its code runs.

    Objects that are neither tensors nor plain values are left as records of their names; an optimizer's tensors may be.

    Raises:
        WeightsError: what is wrong with the file, as a clause without its name.
    """
    try:
        if path.is_dir():
            return _read_folder(path)
        with path.open("rb") as file:
            return _read(file, path)
    except OSError as error:
        raise WeightsError(f"cannot be read ({error.strerror or error}): look at its rights") from None


def _read(file: BinaryIO, path: Path | None) -> Content:
    """`path` is where the file lies, if it lies on the disk as it is."""
    wrong = complaint_about(file)
    if wrong is not None:
        raise WeightsError(wrong)
    kind = kind_of(file)
    if kind == "safetensors":
        return _safetensors(file, path)
    if kind in ("tar", "zip"):
        return _packed(file, kind)
    if kind == "archive":
        with zipfile.ZipFile(file) as archive:
            if any(name.endswith("/constants.pkl") for name in archive.namelist()):
                raise WeightsError("is a TorchScript program, which is code: give the state dict that it was made from")
        file.seek(0)
    try:
        with warnings.catch_warnings():  # of protocols of pickle that are newer than torch's own
            warnings.simplefilter("ignore", UserWarning)
            return _by_torch(file, path if kind == "archive" else None)
    except Exception as error:  # any file at all may be given, and the unpickler stumbles over bytes in every way
        return _by_hand(file, error)


def _by_torch(file: BinaryIO, mapped: Path | None) -> Content:
    # Only the tensors that are asked for are read from a mapped file: not half of VGG's, nor optimizer states.
    if mapped is not None:
        return Content(torch.load(mapped, map_location="cpu", weights_only=True, mmap=True))
    return Content(torch.load(file, map_location="cpu", weights_only=True))


def _by_hand(file: BinaryIO, before: Exception) -> Content:
    """After torch's reader gave up: there may be a scalar of numpy beside the tensors, or an epoch's whole setting."""
    file.seek(0)
    try:
        if kind_of(file) == "archive":
            with zipfile.ZipFile(file) as archive:
                return Content(read_archive(archive))
        return Content(read_stream(file))
    except CodeInPickle as error:
        raise WeightsError(
            f"holds more than tensors, which could run code on loading ({error}): refused, fetch it from where it is "
            "published"
        ) from None
    except Exception as error:  # as above
        shown = error if isinstance(before, pickle.UnpicklingError) else before
        reason = str(shown).strip().split("\n")[0].rstrip(".") or type(shown).__name__
        raise WeightsError(
            f"is cut off or damaged, or not a file of tensors that can be read ({reason}): fetch it again"
        ) from None


def _safetensors(file: BinaryIO, path: Path | None) -> Content:
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import load

    try:
        if path is None:
            return Content(load(file.read()))
        with safe_open(path, framework="pt") as opened:
            return Content({key: opened.get_tensor(key) for key in opened.keys()}, opened.metadata() or {})  # noqa: SIM118
    except SafetensorError as error:
        raise WeightsError(f"is not a whole safetensors file ({error}): fetch it again") from None


def _read_folder(folder: Path) -> Content:
    roots = [place.parent for pattern in ("data.pkl", "*/data.pkl") for place in sorted(folder.glob(pattern))]
    if roots:
        try:
            return Content(read_folder(roots[0]))
        except CodeInPickle as error:
            raise WeightsError(
                f"holds more than tensors, which could run code on loading ({error}): refused, fetch it from where it "
                "is published"
            ) from None
        except Exception as error:  # as in `_read`: any folder may be given
            raise WeightsError(f"is a folder of an unpacked checkpoint that is not whole ({error})") from None
    found = []
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        with path.open("rb") as file:
            if kind_of(file) in (*_TENSORS, "tar"):
                found.append(path)
    if len(found) != 1:
        held = f"several files of tensors ({_listed([path.name for path in found])})" if found else "no file of tensors"
        raise WeightsError(f"is a folder with {held}: give the file itself")
    return read_file(found[0])


def _packed(file: BinaryIO, kind: str) -> Content:
    """The one member of a tar or zip archive that is a file of tensors."""
    found: list[tuple[str, BinaryIO]] = []
    names: list[str] = []
    try:
        for name, member in _members(file, kind):
            names.append(name)
            with member:
                if kind_of(cast(BinaryIO, member)) in _TENSORS:
                    member.seek(0)
                    found.append((name, io.BytesIO(member.read())))
                    if len(found) > 1:
                        break
    except Exception as error:  # as in `_read`; each way of packing has errors of its own
        raise WeightsError(f"is a {kind} archive that is cut off or damaged ({error}): fetch it again") from None
    if len(found) != 1:
        held = f"several files of tensors ({_listed([name for name, _ in found])})" if found else "no file of tensors"
        inside = "" if found else f" ({_listed(names)})"
        raise WeightsError(f"is a {kind} archive with {held}{inside}: unpack it and give the file itself")
    return _read(found[0][1], None)


def _members(file: BinaryIO, kind: str) -> Iterator[tuple[str, IO[bytes]]]:
    if kind == "zip":
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                if not entry.is_dir():
                    yield entry.filename, archive.open(entry)
        return
    with tarfile.open(fileobj=file) as packed:
        for part in packed:
            opened = packed.extractfile(part) if part.isreg() else None
            if opened is not None:
                yield part.name, opened


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") if names else "it is empty"
