"""The one place where numba is asked to compile a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """`function` as machine code that releases the interpreter lock.

    No fast-math: sums keep their order, so that a frame depends on its seed and nothing else.
    """
    return cast(F, numba.njit(cache=True, nogil=True)(function))
