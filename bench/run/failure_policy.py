"""Whether a run goes on after a clip: asked once for every clip that has ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from bench.results.clip_result import ClipResult
from bench.run.failure_limit import FailureLimit

Decision = Literal["go on", "try again", "stop"]


class FailurePolicy(Protocol):
    """Looks at clips as they end, in the order in which they end, and may stop the run."""

    def begin(self, faulty: int) -> Decision:
        """Whether to begin, where so many clips of the run have failed before, and are not run now."""

    def after(self, result: ClipResult) -> Decision:
        """What to do now.

        `try again` runs the clip once more when all others have ended, and this is asked again then. `stop` ends what
        is at work; clips that had ended are kept, this one with them.
        """


@dataclass(frozen=True, slots=True)
class GoOn:
    """Every clip is tried once, whatever became of those before it."""

    def begin(self, faulty: int) -> Decision:
        """Go on."""
        return "go on"

    def after(self, result: ClipResult) -> Decision:
        """Go on."""
        return "go on"


GO_ON: Final = GoOn()


@dataclass(slots=True)
class Limited:
    """Tries a clip again, up to `retries` times, for what may pass; stops once more have failed than `limit` allows.

    `clips` are those of the whole run: a share is exceeded once it is whatever becomes of the others. A clip counts as
    failed when its tries are used up; so does one whose file is damaged.
    """

    clips: int
    limit: FailureLimit | None = None
    retries: int = 0
    faulty: int = 0
    """Clips that have failed, or are damaged."""
    retried: Counter[str] = field(default_factory=Counter)

    def begin(self, faulty: int) -> Decision:
        """They count."""
        self.faulty = faulty
        return "stop" if self.is_exceeded else "go on"

    def after(self, result: ClipResult) -> Decision:
        """Never for a clip's own fault is it tried again."""
        name = result.record.id
        if result.record.transient is not None and self.retried[name] < self.retries:
            self.retried[name] += 1
            return "try again"
        self.faulty += bool(result.failure or result.record.damaged)
        return "stop" if self.is_exceeded else "go on"

    @property
    def is_exceeded(self) -> bool:
        """Whether too many have failed, beyond doubt."""
        return self.limit is not None and self.limit.is_exceeded(self.faulty, clips=self.clips)
