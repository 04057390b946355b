"""What was computed of frames that no model has a part in, kept on disk for other runs and models."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save
from torch import Tensor

from bench.files.atomic_write import write_atomically
from bench.frames import Digests, frame_digests

log = logging.getLogger(__name__)

BLOCK = 256  # frames in a file
_DIGEST = 32


@dataclass(frozen=True, slots=True)
class FeatureCache:
    """A folder of features. Whatever is in it can be deleted at any time.

    A value is used only for a frame, or pair of frames, whose digest was stored with it, so no change of decoder,
    crop or clip can bring back a wrong one; the clip's key only says where to look.
    """

    folder: Path

    def clip(self, key: str) -> StoredFeatures:
        """The place for the clip `key`: any text that tells clips and their preparation apart."""
        return StoredFeatures(self.folder / hashlib.sha256(key.encode()).hexdigest()[:32])

    def size(self) -> int:
        """Bytes in the cache."""
        return sum(path.stat().st_size for path in self.folder.rglob("*.features"))


@dataclass(slots=True)
class _Block:
    """Features of the frames of one file; a row is known where `known` says so."""

    path: Path
    known: NDArray[np.bool_]
    digests: NDArray[np.uint8]
    values: NDArray[np.floating] | None = None
    changed: bool = False


@dataclass(slots=True)
class StoredFeatures:
    """Features of one clip's frames on disk, addressed by frame index, however the frames are batched.

    One block of every kind of features is in memory at a time; a block is written when the next is begun,
    and by `close`.
    """

    folder: Path
    computed: int = 0
    reused: int = 0
    _open: dict[str, _Block] = field(default_factory=dict)

    def per_frame(
        self,
        key: str,
        first: int,
        pixels: Tensor,
        compute: Callable[[Tensor], Tensor],
        *,
        digests: Digests | None = None,
    ) -> Tensor:
        """`compute(pixels)`, where only frames that are not known are computed.

        `pixels` are the clip's frames from index `first` on, `compute` treats every frame alone; `digests` are what
        `frame_digests` makes of them. Values come back on the CPU, bit for bit as they were computed.
        """
        found = frame_digests(pixels) if digests is None else digests
        return self.known(key, first, found, lambda missing: compute(pixels[missing.to(pixels.device)]))

    def known(self, key: str, first: int, digests: Digests, compute: Callable[[Tensor], Tensor]) -> Tensor:
        """The same for values of whatever has these digests (T, 32); `compute` is told which are missing, (T,) bool."""
        parts = []
        start = 0
        while start < len(digests):
            number, offset = divmod(first + start, BLOCK)
            stop = min(len(digests), start + BLOCK - offset)
            block = self._block(key, number)
            rows = slice(offset, offset + stop - start)
            parts.append(self._fill(block, rows, digests, slice(start, stop), compute))
            start = stop
        return torch.from_numpy(np.concatenate(parts))

    def close(self) -> None:
        """Write what is not yet written."""
        for block in self._open.values():
            _write(block)
        self._open.clear()

    def _fill(
        self,
        block: _Block,
        rows: slice,
        digests: Digests,
        part: slice,
        compute: Callable[[Tensor], Tensor],
    ) -> NDArray[np.floating]:
        missing = ~(block.known[rows] & (block.digests[rows] == digests[part]).all(1))
        self.computed += int(missing.sum())
        self.reused += int((~missing).sum())
        if missing.any():
            asked = np.zeros(len(digests), np.bool_)
            asked[part] = missing
            fresh = compute(torch.from_numpy(asked)).cpu().numpy()
            if block.values is not None and not _alike(block.values, fresh):
                # The file is not of this extraction, though it says so: nothing in it is known.
                log.warning("stored features %s are of another shape and will be computed again", block.path)
                block.values, block.known[:] = None, False
                return self._fill(block, rows, digests, part, compute)
            if block.values is None:
                block.values = np.zeros((BLOCK, *fresh.shape[1:]), fresh.dtype)
            block.values[rows][missing] = fresh
            block.digests[rows] = digests[part]
            block.known[rows] = True
            block.changed = True
        assert block.values is not None
        return block.values[rows].copy()

    def _block(self, key: str, number: int) -> _Block:
        path = self.folder / re.sub(r"[^\w.-]", "_", key) / f"{number:06d}.features"
        block = self._open.get(key)
        if block is None or block.path != path:
            if block is not None:
                _write(block)
            block = self._open[key] = _read(path)
        return block


def _alike(stored: NDArray[np.floating], fresh: NDArray[np.floating]) -> bool:
    """Whether both hold a value of one kind for each frame."""
    return stored.shape[1:] == fresh.shape[1:] and stored.dtype == fresh.dtype


def _read(path: Path) -> _Block:
    """A block from its file; an empty one where there is no file or a damaged one."""
    empty = _Block(path, np.zeros(BLOCK, np.bool_), np.zeros((BLOCK, _DIGEST), np.uint8))
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return empty
    except OSError as error:
        log.warning("stored features %s cannot be read: %s", path, error.strerror)
        return empty
    if hashlib.sha256(content[_DIGEST:]).digest() != content[:_DIGEST]:
        log.warning("stored features %s are damaged and will be computed again", path)
        return empty
    try:
        arrays = load(content[_DIGEST:])
        known, digests, values = (arrays[name] for name in ("known", "digests", "values"))
        whole = known.shape == (BLOCK,) and digests.shape == (BLOCK, _DIGEST) and values.shape[:1] == (BLOCK,)
        if not whole or digests.dtype != np.uint8 or values.dtype.kind != "f":
            raise ValueError("arrays of other shapes")
        return _Block(path, known.astype(np.bool_), digests, values)
    except (SafetensorError, KeyError, ValueError, TypeError):  # numpy knows fewer types than the format
        log.warning("stored features %s are of another format and will be computed again", path)
        return empty


def _write(block: _Block) -> None:
    """Put a changed block into its file, whole or not at all."""
    if not block.changed or block.values is None:
        return
    content = save({"known": block.known.astype(np.uint8), "digests": block.digests, "values": block.values})
    try:
        digested = hashlib.sha256(content).digest() + content
        write_atomically(block.path, lambda temporary: temporary.write_bytes(digested))
        block.changed = False
    except OSError as error:  # a full disk must not end a run that has the values in hand
        log.warning("features could not be stored in %s: %s", block.path, error.strerror)
