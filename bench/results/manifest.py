"""`run.json`: what was run, how, on what, and what became of every clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import model_validator

from bench.errors import Transient
from bench.record import Record
from bench.results.protocol import Protocol
from bench.rows import Row
from bench.suites.named_files import LeftOut
from metrics.scorer.true_view import SUFFIX, TRUE_VIEW


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
    against: Literal["driving", "true-view"] = "driving"
    """Which video the reference frames come from: the driving one, or the true view of a turned head."""
    embedded: bool = False
    """Whether a small network that ships with the suite stands in for an official one."""
    pooled: bool = False
    """Whether the suite's value is made of all its frames at once (FID), not the mean over clips."""

    @model_validator(mode="before")
    @classmethod
    def _facts_of_before(cls, data: Any) -> Any:
        """Runs from before these fields were written say the facts in texts, which are looked at here alone."""
        if not isinstance(data, dict) or not isinstance(data.get("id"), str):
            return data
        name, definition = data["id"], str(data.get("definition", ""))
        against = "true-view" if name.endswith(SUFFIX) else "driving"
        embedded, pooled = "embedded" in definition.lower(), name.removesuffix(SUFFIX) in ("fid", "kid")
        return {"against": against, "embedded": embedded, "pooled": pooled, **data}

    @property
    def is_two_sided(self) -> bool:
        """Whether values lie on both sides of the ideal, so that the nearest to it is the best (jitter)."""
        return self.direction == "none" and self.ideal is not None

    @property
    def is_against_driving(self) -> bool:
        """Whether the value compares with frames of the driving video, which are no truth for a turned head."""
        return self.needs_reference and self.against == "driving"

    def is_against_unrotated(self, row: Row) -> bool:
        """Whether the value compares a turned head with the unturned reference."""
        return row.is_free_view and self.is_against_driving

    @property
    def plain_id(self) -> str:
        """The id of the same metric against the driving video."""
        return self.id.removesuffix(SUFFIX) if self.against == "true-view" else self.id

    @property
    def plain_label(self) -> str:
        """The label of the same metric against the driving video."""
        return self.label.removesuffix(TRUE_VIEW) if self.against == "true-view" else self.label


class ModelRecord(Record):
    """The generator; not part of the protocol, since models are what a table compares."""

    name: str
    description: dict[str, str | float | bool] = {}


class ShardRecord(Record):
    """Which part of the suite a run is of, and what all parts together need."""

    index: int
    """Counted from 1."""
    count: int
    clips: tuple[str, ...]
    """Ids of all clips of the whole, in its order."""
    selections: dict[str, str]
    """Of this part's clips: what the digest of the clip set is made from (bench/suites/digests.py)."""


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
    left_out: tuple[LeftOut, ...] = ()
    """What was named on the command line and is no clip, and why: listed is present, missing and this together."""
    beside: dict[str, int] = {}
    """Suffix → how many other files lie in the folders that were named; they do not look like video."""
    shard: ShardRecord | None = None
    """None for a run of the whole."""


class Attempt(Record):
    """One try at a clip, also one that was not the last."""

    number: int
    """From 1 on."""
    reason: str = ""
    """Why it failed; empty where it did not."""
    transient: Transient | None = None
    """What that may have come from that passes."""
    seconds: float = 0.0
    worker: str = ""
    """Host and process, where known."""
    batch: int | None = None
    """Frames that went through at a time, where known."""


def numbered(attempts: Sequence[Attempt]) -> tuple[Attempt, ...]:
    """The same tries, counted from 1."""
    return tuple(tried.model_copy(update={"number": number}) for number, tried in enumerate(attempts, 1))


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
    tone_mapped: str = ""
    """From which kinds of HDR its pictures were brought to SDR, and by which rule; empty for SDR and in runs of before
    that was done, whose numbers of HDR are others."""
    carrier: str = ""
    """What the predictions travelled in, where they were read from files; see Protocol."""
    late: dict[str, int] = {}
    """Row → index of the clip's frame that its values begin with, where that is not the first."""
    seconds: dict[str, float] = {}
    """Busy seconds by stage: decode, model, score (of all lanes together), encode; `total` is the wall time."""
    transient: Transient | None = None
    """Why it, or one of its outcomes, failed, where that may pass."""
    attempts: tuple[Attempt, ...] = ()
    """Every try in order; the values are of the last. Empty in runs of before 0.1.0."""
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


class SessionRecord(Record):
    """A process that worked in the run folder: a run that was interrupted, or was given more to do, has several."""

    started: str
    """ISO 8601 with UTC offset."""
    finished: str = ""
    """Empty where it was killed."""
    seconds: float = 0.0
    """Of one that was killed: until the last clip that ended in it."""
    command: tuple[str, ...]
    clips: int = 0
    """Passes over clips that ended in it."""
    environment: Environment


class RunManifest(Record):
    """The whole of `run.json`."""

    schema_version: Literal[1, 2] = 2
    """1: without the column `warning` of clips.csv, whose `reason` also held the warnings of values."""
    created: str
    """Start of the first session, ISO 8601 with UTC offset."""
    finished: str = ""
    complete: bool = False
    """False while the run is going on, or if it was interrupted."""
    command: tuple[str, ...]
    """Of the last session, as is `environment`."""
    protocol: Protocol
    protocol_hash: str
    suite: SuiteRecord
    model: ModelRecord
    settings: tuple[str, ...]
    """Names of the rows in order: `ground-truth`, `static`, `codec-floor` where asked for, then the settings."""
    metrics: tuple[MetricRecord, ...]
    clips: tuple[ClipRecord, ...] = ()
    environment: Environment
    seconds: float = 0.0
    """Of all sessions together."""
    sessions: tuple[SessionRecord, ...] = ()
    """Every process that worked in the folder, in order; none in runs of before 0.1.0."""
    identity: dict[str, str] = {}
    """What sessions agree in beside the protocol: the model (bench/run/identity.py), and which videos are kept."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """Rows of the tables in order.

        Raises:
            BenchError: a name among the settings is not understood.
        """
        return tuple(map(Row.parse, self.settings))
