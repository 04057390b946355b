"""The names that somebody who mistyped one may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def hint(name: str, known: Iterable[str], *, most: int = 2, cutoff: float = 0.6, quoted: bool = False) -> str:
    """`did you mean A or B? `, with the space that parts it from what follows; empty where nothing in `known` is near.

    At `most` so many are named, the nearest first; `cutoff` in [0, 1] is how like `name` they are at least
    (`difflib.SequenceMatcher.ratio`).
    """
    near = difflib.get_close_matches(name, list(known), n=most, cutoff=cutoff)
    named = " or ".join(f"'{each}'" if quoted else each for each in near)
    return f"did you mean {named}? " if near else ""
