"""`run.json`: what was run, how, on what, and what became of every clip."""

from __future__ import annotations

from typing import Literal

from bench.record import Record
from bench.results.protocol import Protocol
from bench.rows import is_free_view
from metrics.scorer.true_view import SUFFIX


class MetricRecord(Record):
    """A column: what it is and how it is shown. Stored values are multiplied by `scale` for display."""

    id: str
    label: str
    version: int
    direction: Literal["higher", "lower", "none"]
    unit: str
    definition: str
    source: str
    ideal: float | None = None
    scale: float = 1.0
    digits: int = 3
    per_frame: bool = True
    needs_reference: bool = True
    """Whether the value compares with reference frames (and is meaningless against an unrotated reference)."""
    needs_driving: bool = False
    """Whether the value compares with what the setting asks for, made from the driving video; 0 for that itself."""


class ModelRecord(Record):
    """The generator; not part of the protocol, since models are what a table compares."""

    name: str
    description: dict[str, str | float | bool] = {}


class SuiteRecord(Record):
    """The suite and how much of it was there."""

    id: str
    version: int
    title: str = ""
    listed: int
    present: int
    selected: int
    """Clips that this run was asked for (after --limit)."""
    missing: tuple[str, ...] = ()
    """Ids of the listed clips that are not there."""


class ClipRecord(Record):
    """What became of one clip."""

    id: str
    path: str
    status: Literal["done", "failed"]
    reason: str = ""
    person: str | None = None
    frames: int = 0
    fps: float = 0.0
    warnings: tuple[str, ...] = ()
    digest: str = ""
    """sha256 over its selection and the contents of its video, source and true views; empty where not known."""
    damaged: bool = False
    """Whether frames of its file were missing or decoded with errors: its values are of what could be read."""
    squeeze: float = 1.0
    """How much more one side of its pictures is scaled than the other."""
    carrier: str = ""
    """What the predictions travelled in, where they were read from files; see Protocol."""
    seconds: dict[str, float] = {}
    """Busy seconds by stage: decode, model, score (of all lanes together), encode; `total` is the wall time."""
    videos: dict[str, str] = {}
    """Setting → path of its video, relative to the run folder; `reference` is the prepared clip itself."""


class Environment(Record):
    """Software and hardware; recorded, not hashed."""

    versions: dict[str, str]
    platform: str
    processor: str
    device: str
    threads: int
    memory_gb: float
    flags: dict[str, bool] = {}
    """Switches of torch that can move a last digit."""
    version: str = ""
    """This benchmark's own; empty in runs of before 0.1.0."""
    commit: str = ""
    """Of this benchmark's own repository; empty where it is installed without one."""
    dirty: bool = False
    """Whether files of that repository differ from the commit."""


class RunManifest(Record):
    """The whole of `run.json`."""

    schema_version: Literal[1, 2] = 2
    """1: without the column `warning` of clips.csv, whose `reason` also held the warnings of values."""
    created: str
    """Start, ISO 8601 with UTC offset."""
    finished: str = ""
    complete: bool = False
    """False while the run is going on, or if it was interrupted."""
    command: tuple[str, ...]
    protocol: Protocol
    protocol_hash: str
    suite: SuiteRecord
    model: ModelRecord
    settings: tuple[str, ...]
    """Rows of the tables in order: `ground-truth`, `static`, `codec-floor` where asked for, then the settings."""
    metrics: tuple[MetricRecord, ...]
    clips: tuple[ClipRecord, ...] = ()
    environment: Environment
    seconds: float = 0.0


def is_against_unrotated(metric: MetricRecord, setting: str) -> bool:
    """Whether the value compares a turned head with the unturned reference.

    Metrics with `_true_view` in their id compare with the true turned view (of suites that can render it).
    """
    return is_free_view(setting) and metric.needs_reference and not metric.id.endswith(SUFFIX)


def is_embedded(metric: MetricRecord) -> bool:
    """Whether a small network that ships with the suite stands in for an official one."""
    return "embedded" in metric.definition.lower()


def is_two_sided(metric: MetricRecord) -> bool:
    """Whether values lie on both sides of the ideal, so that the nearest to it is the best (jitter)."""
    return metric.direction == "none" and metric.ideal is not None
