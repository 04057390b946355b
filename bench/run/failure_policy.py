"""Whether a run goes on after a clip: asked once for every clip that has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol

from bench.results.clip_result import ClipResult

Decision = Literal["go on", "stop"]


class FailurePolicy(Protocol):
    """Looks at clips as they end, in the order in which they end, and may stop the run."""

    def after(self, result: ClipResult) -> Decision:
        """What to do now. `stop` ends what is at work; clips that had ended are kept, this one with them."""


@dataclass(frozen=True, slots=True)
class GoOn:
    """Every clip is tried, whatever became of those before it."""

    def after(self, result: ClipResult) -> Decision:
        """Go on."""
        return "go on"


GO_ON: Final = GoOn()
