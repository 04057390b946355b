"""The device that a command names, and whether this machine has it."""

from __future__ import annotations

import os

from bench.errors import BenchError


def device(name: str, *, dry: bool) -> str:
    """The device called `name`, `auto` being the best of this machine; `dry` takes it as it is named.

    Raises:
        BenchError: this machine has none of that name.
    """
    if dry:
        return name
    # OpenMP threads that spin while they wait slow every other stage down; torch reads this when it is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        first = str(error).splitlines()[0]
        raise BenchError(f"--device '{name}' cannot be used here ({first}): try --device cpu") from None
    return name
