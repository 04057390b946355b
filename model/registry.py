"""Every model by name: one visible table, and nothing imported before it is asked for."""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bench.errors import BenchError

if TYPE_CHECKING:
    from model.interface import Model

# name → "module:function"; the function takes (checkpoint, *, device, **options).
TABLE: dict[str, str] = {
    "static": "model.static:load",
    "copy": "model.copy:load",
    "facevid2vid": "model.facevid2vid:load",
}


ENTRY_POINTS = "talking_head_benchmark.models"
"""Group of entry points by which an installed package adds models of its own."""


def known() -> dict[str, str]:
    """Every model's name → where it is loaded from: the table, then installed packages."""
    added = {point.name: point.value for point in importlib.metadata.entry_points(group=ENTRY_POINTS)}
    return {**added, **TABLE}


def check(name: str) -> None:
    """Raise `BenchError` if `name` is no model's name and no `package.module:Class`; loads nothing."""
    if name in TABLE or ":" in name or name in known():
        return
    near = difflib.get_close_matches(name, known(), n=2)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    raise BenchError(
        f"there is no model '{name}': {hint}the models are {', '.join(known())}; "
        "write package.module:Class for one of your own"
    )


def load(name: str, *, checkpoint: Path | str | None = None, device: str = "cpu", **options: Any) -> Model:
    """Load a model by name.

    Args:
        name: a name of `TABLE`, of an installed package's entry point, or `package.module:Class`.
        checkpoint: file of its weights, for models that have some.
        device: `cpu`, `cuda`, `cuda:1`, `mps`.
        **options: what the model's own `load` takes.

    Raises:
        BenchError: the name is unknown, or the checkpoint does not fit.
    """
    check(name)
    module, _, attribute = known().get(name, name).partition(":")
    path = None if checkpoint is None else Path(checkpoint)
    try:
        make = getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        raise BenchError(
            f"--model {name}: '{module}' cannot be imported ({error}): install it in this environment"
        ) from None
    except AttributeError:
        raise BenchError(f"--model {name}: '{module}' has no '{attribute}'") from None
    try:
        return cast("Model", make(path, device=device, **options))
    except TypeError as error:
        if options and "keyword argument" in str(error):
            raise BenchError(f"--model {name} does not take all of {', '.join(options)} ({error})") from None
        raise
