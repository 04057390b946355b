"""Whether a run goes on after a clip: asked once for every clip that has ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal, Protocol, Self

from bench.errors import BenchError

if TYPE_CHECKING:
    from bench.results.clip_result import ClipResult

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


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """A number of clips, or `percent` of all that the run was asked for."""

    amount: Fraction = Fraction(0)
    percent: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Of `3`, or `2.5%`.

        Raises:
            BenchError: it is neither.
        """
        digits, percent = text.removesuffix("%"), text.endswith("%")
        plain = digits.replace(".", "", 1) if percent else digits
        if not (plain.isascii() and plain.isdigit()):
            raise BenchError(f"'{text}' is neither a number of clips nor a share of them: write 3 or 2.5%")
        limit = cls(Fraction(digits), percent)
        if percent and limit.amount > 100:
            raise BenchError(f"'{text}' is more than all clips: write a share from 0% to 100%")
        return limit

    def is_exceeded(self, failed: int, *, clips: int) -> bool:
        """Whether so many of so many clips are too many."""
        return failed * 100 > self.amount * clips if self.percent else failed > self.amount

    def __str__(self) -> str:
        number = int(self.amount) if self.amount.denominator == 1 else float(self.amount)
        return f"{number}%" if self.percent else f"{number}"


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
