"""One copy in memory of arrays that are made of the same things in the same order.

Every row of a clip is compared with the same reference, and keeps what it has gathered of it: here all keep one array.
A row that sees other frames (it ends early, or has a true view) makes its own from there on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

_ARRAYS: WeakValueDictionary[bytes, NDArray[Any]] = WeakValueDictionary()


def digest(before: bytes, *parts: NDArray[Any]) -> bytes:
    """What tells an array from others: the digest of what it grew from, and what was added to that."""
    found = hashlib.sha256(before)
    for part in parts:
        found.update(f"{part.shape} {part.dtype}".encode())
        found.update(np.ascontiguousarray(part).data)
    return found.digest()


def one_copy(key: bytes, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
    """The array of that digest: the one that somebody still keeps, else a new one. It is read-only."""
    found = _ARRAYS.get(key)
    if found is None:
        found = _ARRAYS[key] = make()
        found.setflags(write=False)
    return found
