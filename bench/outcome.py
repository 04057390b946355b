"""What became of one metric on one clip: a value, skipped with a reason, or failed with an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from bench.errors import Transient

Status = Literal["value", "skipped", "failed"]


class Skip(Exception):
    """Raised by a metric that does not apply to this clip or machine; the message is the outcome's reason."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Result of one metric on one clip under one setting.

    `value` is NaN unless `status` is `value`. `n` counts the frames (or windows) behind the value, `infinite`
    those that were infinite and kept out of it (PSNR of identical frames). `per_frame` holds float64 values in
    frame order where the metric has them, NaN for a frame that has none (no face to measure). `details` are further
    numbers worth keeping (offset of a face track, share of voiced time), stored beside the value, never shown as a
    column of their own; `curves` the same frame by frame (measured angles). `transient` says of a failure whether the
    metric may have a value when the clip is tried again.
    """

    status: Status
    value: float = float("nan")
    reason: str = ""
    n: int = 0
    infinite: int = 0
    per_frame: NDArray[np.float64] | None = None
    details: dict[str, float] | None = None
    curves: Mapping[str, NDArray[np.float64]] | None = None
    transient: Transient | None = None

    @classmethod
    def skipped(cls, reason: str) -> Outcome:
        """The metric does not apply; `reason` is one sentence and names the remedy if there is one."""
        return cls("skipped", reason=reason)

    @classmethod
    def failed(cls, reason: str, transient: Transient | None = None) -> Outcome:
        """The metric should have had a value; `reason` is one sentence that says why it has none."""
        return cls("failed", reason=reason, transient=transient)

    @classmethod
    def of_frames(cls, per_frame: NDArray[np.float64]) -> Outcome:
        """The mean of per-frame values in float64.

        Infinite frames are kept out of the mean and counted; where every frame is infinite the value is infinite.
        A NaN frame makes the outcome `failed`: it is never averaged away.
        """
        values = np.asarray(per_frame, dtype=np.float64)
        if values.size == 0:
            return cls.failed("no frames to score")
        if np.isnan(values).any():
            return cls.failed(f"frame {int(np.isnan(values).argmax())} has no number (NaN)")
        finite = values[np.isfinite(values)]
        infinite = int(values.size - finite.size)
        value = float(finite.mean()) if finite.size else float(values[0])
        return cls("value", value=value, n=int(values.size), infinite=infinite, per_frame=values)


class Pool(Protocol):
    """What a metric carries from clips to the whole suite (pooled FID): numbers and arrays, and no more.

    It travels between processes, and lies in files until the suite has ended.
    """

    def merge(self, other: Any) -> None:
        """Take in the pool of another clip."""

    def outcome(self) -> Outcome:
        """The metric over everything that was merged."""

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state as arrays by name."""

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """What `to_arrays` gave: it goes on as that pool would have, to the last bit. The arrays stay as they are."""
