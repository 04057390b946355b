"""Talking-head models: `load` by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.registry import load as load

__all__ = ["load"]


def __getattr__(name: str) -> Any:
    # torch is imported when a model is loaded, not when a name is looked up.
    if name == "load":
        from model.registry import load

        return load
    raise AttributeError(f"module 'model' has no attribute '{name}'")
