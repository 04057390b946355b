"""What one pass over a clip gave, as three files: its result to the last bit, and what that is known by.

STEM.json has the record, the outcomes and the keys; STEM.frames (safetensors) everything that has a value for each
frame; STEM.pools the shares of the suite-wide values (bench/results/pool_file.py), where there are some. The JSON is
written last and knows the digests of the others: a part is whole, or does not count.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from bench.errors import BenchError, Transient
from bench.file_names import readable
from bench.files.atomic_write import write_text
from bench.files.digest import file_digest
from bench.outcome import Outcome, Pool, Status
from bench.record import Record
from bench.results.clip_result import ClipResult
from bench.results.manifest import ClipRecord
from bench.results.pool_file import Pools, read_pools, write_arrays, write_pools

SUFFIXES = (".json", ".frames", ".pools")
"""Of the files of a part, the one that makes it count first."""


class Keys(Record):
    """What finished units are known by: two results with equal keys are results of the same work."""

    clip: str
    """Digest of the clip's selection and files (bench/suites/digests.py)."""
    model: str
    """Digest of what the run says of its model (bench/run/identity.py)."""
    predictions: dict[str, str] = {}
    """Row → digest of the finished video that was read, for rows that are read from files."""
    metrics: dict[str, str]
    """Metric id → its row hash (bench/results/protocol.py) before anything was read."""


class Moment(Record):
    """When a pass ended."""

    session: int = 0
    """Which of the run's (`RunManifest.sessions`)."""
    seconds: float = 0.0
    """Since the start of that."""


class _Outcome(Record):
    """An outcome but for what it has by frame."""

    status: Status
    value: float
    reason: str = ""
    n: int = 0
    infinite: int = 0
    details: dict[str, float] | None = None
    transient: Transient | None = None

    def outcome(self) -> Outcome:
        """As metrics give it."""
        return Outcome(
            self.status,
            self.value,
            self.reason,
            self.n,
            self.infinite,
            details=self.details,
            transient=self.transient,
        )


class _Part(Record):
    """The JSON file."""

    schema_version: Literal[1] = 1
    keys: Keys | None
    ended: Moment
    record: ClipRecord
    outcomes: dict[str, dict[str, _Outcome]]
    frames: str
    """sha256 of the file of that name."""
    pools: str = ""
    """The same; empty where there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one pass over a clip gave. `result` has no pools; after `read_part`, nothing by frame either.

    `keys` is None where the outcomes stand for something that did not come to an end: they are shown, and made again.
    """

    stem: Path
    keys: Keys | None
    ended: Moment
    result: ClipResult
    frames: str
    pools: str

    def has_pools(self) -> bool:
        """Whether its shares of the suite-wide values are there as they were written, or it has none."""
        path = self.stem.with_suffix(".pools")
        try:
            return not self.pools or file_digest(path) == self.pools
        except OSError:
            return False

    def whole(self) -> Part:
        """With what it has by frame.

        Raises:
            BenchError: the file is not there any more, or is damaged.
        """
        path = self.stem.with_suffix(".frames")
        with told(path):
            _see_digest(path, self.frames)
            return replace(self, result=_with_frames(self.result, path))

    def read_pools(self, kinds: Mapping[str, type[Pool]]) -> Pools:
        """Its shares of the suite-wide values; `kinds` says which pool a metric has.

        Raises:
            BenchError: the file is not there any more, or is damaged.
        """
        if not self.pools:
            return {}
        path = self.stem.with_suffix(".pools")
        with told(path):
            _see_digest(path, self.pools)
            return read_pools(path, kinds)


def write_part(stem: Path, result: ClipResult, keys: Keys | None, ended: Moment) -> None:
    """Write a part, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    frames, pools = stem.with_suffix(".frames"), stem.with_suffix(".pools")
    _write_frames(result, frames)
    if result.pools:
        write_pools(result.pools, pools)
    part = {
        "schema_version": 1,
        "keys": None if keys is None else keys.model_dump(mode="json"),
        "ended": ended.model_dump(mode="json"),
        "record": result.record.model_dump(mode="json"),
        "outcomes": {
            row: {metric: _plain(outcome) for metric, outcome in outcomes.items()}
            for row, outcomes in result.outcomes.items()
        },
        "frames": file_digest(frames),
        "pools": file_digest(pools) if result.pools else "",
    }
    write_text(stem.with_suffix(".json"), json.dumps(_readable(part), ensure_ascii=False))


def read_part(stem: Path) -> Part:
    """A part without what it has by frame.

    Raises:
        BenchError: it is not there any more, or is damaged.
    """
    path = stem.with_suffix(".json")
    with told(path):
        part = _Part.model_validate(json.loads(path.read_text("utf-8")))
    with told(stem.with_suffix(".frames")):
        stem.with_suffix(".frames").stat()
    outcomes = {
        row: {metric: outcome.outcome() for metric, outcome in by_metric.items()}
        for row, by_metric in part.outcomes.items()
    }
    return Part(stem, part.keys, part.ended, ClipResult(part.record, outcomes), part.frames, part.pools)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """What reading a part raises, in a sentence: its bytes may be anything, and each reader has its own errors."""
    try:
        yield
    except FileNotFoundError:
        raise BenchError(f"what it gave is lost: '{path}' is not there any more: run it again") from None
    except Exception as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise BenchError(f"what it gave is lost: '{path}' is damaged ({why}): run it again") from None


def _plain(outcome: Outcome) -> dict[str, Any]:
    details = outcome.details
    return {
        "status": outcome.status,
        "value": float(outcome.value),
        "reason": outcome.reason,
        "n": int(outcome.n),
        "infinite": int(outcome.infinite),
        "details": None if details is None else {name: float(value) for name, value in details.items()},
        "transient": outcome.transient,
    }


# Arrays of a .frames file are numbered; what each is, is JSON in its metadata: ["times"], ["values", row, metric],
# ["curve", row, metric, name] or ["measured", row, name].


def _write_frames(result: ClipResult, path: Path) -> None:
    found: list[tuple[list[str], NDArray[Any]]] = [(["times"], result.times)]
    for row, outcomes in result.outcomes.items():
        for metric, outcome in outcomes.items():
            if outcome.per_frame is not None:
                found.append((["values", row, metric], outcome.per_frame))
            found += [(["curve", row, metric, name], values) for name, values in (outcome.curves or {}).items()]
    for row, measured in result.measured.items():
        found += [(["measured", row, name], values) for name, values in measured.items()]
    arrays = {str(number): np.ascontiguousarray(values, dtype=np.float64) for number, (_, values) in enumerate(found)}
    write_arrays(path, arrays, {"arrays": json.dumps([name for name, _ in found])})


def _with_frames(result: ClipResult, path: Path) -> ClipResult:
    times = np.empty(0)
    outcomes = {row: dict(by_metric) for row, by_metric in result.outcomes.items()}
    measured: dict[str, dict[str, NDArray[np.float64]]] = {}
    with safe_open(path, framework="numpy") as file:
        for number, name in enumerate(json.loads(file.metadata()["arrays"])):
            values = file.get_tensor(str(number))
            match name:
                case ["times"]:
                    times = values
                case ["values", row, metric]:
                    outcomes[row][metric] = replace(outcomes[row][metric], per_frame=values)
                case ["curve", row, metric, curve]:
                    outcome = outcomes[row][metric]
                    outcomes[row][metric] = replace(outcome, curves={**(outcome.curves or {}), curve: values})
                case ["measured", row, of]:
                    measured.setdefault(row, {})[of] = values
                case _:
                    raise ValueError(f"there is an array {name}")
    return replace(result, outcomes=outcomes, times=times, measured=measured)


def _see_digest(path: Path, expected: str) -> None:
    if file_digest(path) != expected:
        raise ValueError("its content has changed")


def _readable(value: Any) -> Any:
    """The same, with every text in it readable: paths and messages may hold bytes that are no UTF-8."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, dict):
        return {name: _readable(part) for name, part in value.items()}
    return [_readable(part) for part in value] if isinstance(value, list) else value
