"""Tries at a clip, one after another: what each came to stands in the clip's record."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import replace

from bench.results.clip_result import ClipResult
from bench.results.manifest import Attempt, numbered


def attempt(result: ClipResult, *, seconds: float, process: int | None = None, batch: int | None = None) -> Attempt:
    """The try that gave this result, in a process of this machine: in this one if none is named."""
    worker = f"{socket.gethostname()}:{os.getpid() if process is None else process}"
    return Attempt(
        number=1,
        reason=result.failure or _passing(result),
        transient=result.record.transient,
        seconds=round(seconds, 6),
        worker=worker,
        batch=batch,
    )


def _passing(result: ClipResult) -> str:
    """Why some metric has no value that may have one the next time; empty where there is none."""
    outcomes = (outcome for by_metric in result.outcomes.values() for outcome in by_metric.values())
    return next((outcome.reason for outcome in outcomes if outcome.transient is not None), "")


def after(result: ClipResult, earlier: Sequence[Attempt]) -> ClipResult:
    """The same result behind earlier tries, all counted from 1."""
    tries = numbered((*earlier, *result.record.attempts))
    return replace(result, record=result.record.model_copy(update={"attempts": tries}))
