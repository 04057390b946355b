"""Values of a clip's frames as they come, kept in one piece of memory."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

T = TypeVar("T", bound=np.generic)

_FIRST = 1024  # rows that there is room for at the beginning


class FrameValues(Generic[T]):
    """Rows (T, …) that are added batch by batch.

    They are copied into one array, which doubles when it is full. Kept as they come, the few bytes of every batch would
    lie between the megabytes that it was computed in; memory is given back and used again only where nothing is left in
    between, so that a run would grow by megabytes with every batch.
    """

    __slots__ = ("_count", "_rows")

    def __init__(self, dtype: DTypeLike = np.float64, shape: tuple[int, ...] = ()) -> None:
        self._rows: NDArray[T] = np.empty((_FIRST, *shape), dtype)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, rows: NDArray[T]) -> None:
        """Take in copies of the next rows."""
        end = self._count + len(rows)
        if end > len(self._rows):
            larger = np.empty((max(end, 2 * len(self._rows)), *self._rows.shape[1:]), self._rows.dtype)
            larger[: self._count] = self._rows[: self._count]
            self._rows = larger
        self._rows[self._count : end] = rows
        self._count = end

    def array(self) -> NDArray[T]:
        """All rows so far, an array of their own."""
        return self._rows[: self._count].copy()
