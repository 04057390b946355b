"""What a file is, by its first bytes: kinds of weights, and the usual accidents in a clause each. Imports no torch."""

from __future__ import annotations

import json
import re
import tarfile
import zipfile
from pathlib import Path
from typing import BinaryIO, Final, Literal

Kind = Literal["archive", "pickle", "safetensors", "tar", "zip", "other"]
"""A zip of torch, a file of old torch or a bare pickle, safetensors; a tar or a zip that may hold one; none of them."""

_HEAD: Final = 4096
_LARGEST_HEADER: Final = 100_000_000  # of safetensors, which sets it
_FORMATS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x1f\x8b", "a gzip archive: unpack it and give what is inside"),
    (b"BZh", "a bzip2 archive: unpack it and give what is inside"),
    (b"\xfd7zXZ", "an xz archive: unpack it and give what is inside"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive: unpack it and give what is inside"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it and give what is inside"),
    (b"Rar!", "a RAR archive: unpack it and give what is inside"),
    (b"\x89HDF", "an HDF5 file, which Keras writes: weights of PyTorch are needed"),
    (b"GGUF", "a GGUF file, of a language model: weights of PyTorch are needed"),
    (b"\x93NUMPY", "a numpy array: weights of PyTorch are needed"),
    (b"%PDF", "a PDF document, not weights: fetch the weights"),
    (b"\x89PNG", "a picture (PNG), not weights: fetch the weights"),
    (b"\xff\xd8\xff", "a picture (JPEG), not weights: fetch the weights"),
    (b"\x1aE\xdf\xa3", "a video (Matroska), not weights: fetch the weights"),
    (b"\x7fELF", "a program, not weights: fetch the weights"),
)


def kind_of(file: BinaryIO) -> Kind:
    """What the file holds by its content, whatever it is called; it is left at its start.

    Raises:
        OSError: it cannot be read.
    """
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    try:
        if head[:2] == b"PK":
            if not zipfile.is_zipfile(file):
                return "other"
            with zipfile.ZipFile(file) as archive:
                inside = {name.rpartition("/")[2] for name in archive.namelist()}
            return "archive" if "data.pkl" in inside else "zip"
        if head[:1] == b"\x80" and head[1:2] <= b"\x05":
            return "pickle"
        if len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _LARGEST_HEADER:
            return "safetensors"
        if head.strip(b"\0") and tarfile.is_tarfile(file):  # to tarfile, zeros are an empty archive
            return "tar"
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError):
        pass
    finally:
        file.seek(0)
    return "other"


def complaint(path: Path) -> str | None:
    """Why the file cannot be weights, as a clause without its name ("is …"); None where it may be some.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return complaint_about(file)


def complaint_about(file: BinaryIO) -> str | None:
    """As `complaint`, of an open file."""
    kind = kind_of(file)
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    if kind == "zip":
        return _zip(file)
    if kind == "safetensors":
        return _cut_safetensors(file, size)
    if kind != "other":
        return None
    if not head:
        return "is empty: fetch it again"
    if head[:2] == b"PK":
        return f"is cut off: a zip archive of torch whose end is missing after {_bytes(size)}: fetch it again"
    if not head.strip(b"\0"):
        return f"is {_bytes(size)} of zeros, a download that broke off: fetch it again"
    return _text(head, size) or next(
        (f"is {name}" for magic, name in _FORMATS if head.startswith(magic)),
        "is a video, not weights: fetch the weights" if head[4:8] == b"ftyp" else None,
    )


def _text(head: bytes, size: int) -> str | None:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    low = start.lower()
    if low.startswith(b"version https://git-lfs.github.com"):
        wanted = re.search(rb"\nsize (\d+)", head)
        whole = f" of {_bytes(int(wanted[1]))}" if wanted and len(wanted[1]) < 19 else ""
        return f"is a git LFS pointer to a file{whole}, not the file itself: run 'git lfs pull' where it comes from"
    if b"/annex/objects/" in head[:200]:
        return "is a git-annex pointer, not the file itself: run 'git annex get' where it comes from"
    if low.startswith((b"<!doctype html", b"<html", b"<head", b"<script", b"<!--")) or b"<html" in low[:1000]:
        found = re.search(rb"<title[^>]*>(.*?)</title", start, re.IGNORECASE | re.DOTALL)
        title = " ".join(found[1].decode(errors="replace").split())[:80] if found else ""
        called = f" titled '{title}'" if title else ""
        return f"is a web page (HTML){called}, not weights: fetch the file itself"
    if low.startswith(b"<?xml") or low.startswith(b"<error"):
        return "is an XML answer of a server, not weights: fetch it again"
    if start[:1] in (b"{", b"[") and _is_text(head):
        return "is JSON text, not weights: fetch the file itself"
    if _is_text(head):
        first = start.splitlines()[0][:60].decode(errors="replace") if start else ""
        return f"is a text of {_bytes(size)} that begins '{first}', not weights: fetch the file itself"
    return None


def _is_text(head: bytes) -> bool:
    try:
        head[:1000].decode("ascii")
    except UnicodeDecodeError:
        return False
    return not any(byte < 9 for byte in head)


def _zip(file: BinaryIO) -> str | None:
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    file.seek(0)
    if not names:
        return "is an empty zip archive: fetch it again"
    if all(name.endswith(".npy") for name in names):
        return "holds arrays of numpy (.npz): weights of PyTorch are needed"
    return None


def _cut_safetensors(file: BinaryIO, size: int) -> str | None:
    length = int.from_bytes(file.read(8), "little")
    header = file.read(length)
    file.seek(0)
    if len(header) < length:
        return f"is cut off after {_bytes(size)}: fetch it again"
    try:
        entries = json.loads(header)
        end = max(entry["data_offsets"][1] for name, entry in entries.items() if name != "__metadata__")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return None
    if isinstance(end, int) and end < 1 << 62 and size < 8 + length + end:
        return (
            f"is cut off: safetensors of {_bytes(8 + length + end)}, of which {_bytes(size)} are here: fetch it again"
        )
    return None


def _bytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count} bytes"
