"""A bounded sample of features that stream by, the same in whatever order and grouping they come."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from metrics.distribution.shared_arrays import digest, one_copy


@dataclass(slots=True)
class Sample:
    """At most `capacity` rows (d,) float32, drawn evenly from all that were offered, without replacement.

    Every row has a ticket, a pseudo-random number made of its clip's id and its place in the clip alone; the rows with
    the smallest tickets stay. So the sample of merged samples is the sample of everything.
    """

    capacity: int
    rows: NDArray[np.float32]
    tickets: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    offered: int = 0
    key: bytes = field(init=False, repr=False)
    """Of all that was offered: samples of the same share their rows."""

    def __post_init__(self) -> None:
        self.key = digest(b"", np.array(self.capacity), self.rows, self.tickets)

    def add(self, rows: NDArray[np.float32], tickets: NDArray[np.uint64], *, offered: int | None = None) -> None:
        """Offer rows (n, d) with their tickets (n,); `offered` is how many they stand for, if more."""
        before, self.key = self.rows, digest(self.key, rows, tickets)
        self.tickets = np.concatenate([self.tickets, tickets])
        self.offered += len(rows) if offered is None else offered
        chosen: slice | NDArray[np.intp] = slice(None)
        if len(self.tickets) > self.capacity:
            chosen = np.argsort(self.tickets, kind="stable")[: self.capacity]
            self.tickets = self.tickets[chosen]
        self.rows = one_copy(self.key, lambda: np.concatenate([before, rows])[chosen])

    def merge(self, other: Sample) -> None:
        """Offer everything that `other` was offered."""
        self.add(other.rows, other.tickets, offered=other.offered)

    def ordered(self) -> NDArray[np.float32]:
        """The rows in the order of their tickets."""
        return self.rows[np.argsort(self.tickets, kind="stable")]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state as plain arrays."""
        return {
            "capacity": np.array(self.capacity),
            "rows": self.rows,
            "tickets": self.tickets,
            "offered": np.array(self.offered),
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """What `to_arrays` gave: a sample that goes on as that would."""
        return cls(int(arrays["capacity"]), arrays["rows"], arrays["tickets"], int(arrays["offered"]))


@dataclass(slots=True)
class Tickets:
    """Tickets for the frames of one clip, in frame order."""

    generator: np.random.Generator

    @classmethod
    def of(cls, clip: str) -> Tickets:
        """Tickets that depend on the clip's id alone."""
        seed = int.from_bytes(hashlib.sha256(clip.encode()).digest()[:16])
        return cls(np.random.Generator(np.random.PCG64(seed)))

    def draw(self, count: int) -> NDArray[np.uint64]:
        """Tickets of the next `count` frames."""
        # Whole 64-bit words of the generator: one a frame, so batches do not change them.
        return self.generator.bit_generator.random_raw(count).astype(np.uint64, copy=False)
