"""The metrics: `score` for arrays, `registry` for what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metrics.scoring import score as score

__all__ = ["score"]


def __getattr__(name: str) -> Any:
    # torch is imported when scoring begins, not when a name is looked up.
    if name == "score":
        from metrics.scoring import score

        return score
    raise AttributeError(f"module 'metrics' has no attribute '{name}'")
