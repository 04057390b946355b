"""Every model by name: one visible table, and nothing imported before it is asked for."""

from __future__ import annotations

import difflib
import importlib
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


def check(name: str) -> None:
    """Raise `BenchError` if no model is called `name`; loads nothing."""
    if name not in TABLE:
        near = difflib.get_close_matches(name, TABLE, n=2)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise BenchError(f"there is no model '{name}': {hint}the models are {', '.join(TABLE)}")


def load(name: str, *, checkpoint: Path | str | None = None, device: str = "cpu", **options: Any) -> Model:
    """Load a model by name.

    Args:
        name: a name of `TABLE`.
        checkpoint: file of its weights, for models that have some.
        device: `cpu`, `cuda`, `cuda:1`, `mps`.
        **options: what the model's own `load` takes.

    Raises:
        BenchError: the name is unknown, or the checkpoint does not fit.
    """
    check(name)
    module, function = TABLE[name].split(":")
    path = None if checkpoint is None else Path(checkpoint)
    return cast("Model", getattr(importlib.import_module(module), function)(path, device=device, **options))
