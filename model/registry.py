"""Every model by name: one visible table, and nothing imported before it is asked for."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bench.errors import BenchError
from bench.near_names import hint
from model.raised import raised

if TYPE_CHECKING:
    from model.interface import Model

log = logging.getLogger(__name__)

# name → "module:function"; the function takes (checkpoint, *, device, **options).
TABLE: dict[str, str] = {
    "static": "model.static:load",
    "copy": "model.copy:load",
    "mesh-warp": "model.mesh_warp:load",
    "facevid2vid": "model.facevid2vid:load",
}


ENTRY_POINTS = "talking_head_benchmark.models"
"""Group of entry points by which an installed package adds models of its own."""


def known() -> dict[str, str]:
    """Every model's name → where it is loaded from: the table, then installed packages.

    Example:
        >>> from model import registry
        >>> registry.known()["static"]
        'model.static:load'
    """
    added = {point.name: point.value for point in importlib.metadata.entry_points(group=ENTRY_POINTS)}
    return {**added, **TABLE}


def check(name: str) -> None:
    """Raise `BenchError` if `name` is no model's name and no `package.module:Class`; loads nothing."""
    if name in TABLE or ":" in name or name in known():
        return
    raise BenchError(
        f"there is no model '{name}': {hint(name, known())}the models are {', '.join(known())}; "
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
        BenchError: the name is unknown, the checkpoint does not fit, or a model of one's own cannot be made.

    Example:
        >>> import model
        >>> model.load("static").name
        'static'
        >>> model.load("examples.my_model:Brighten").describe()
        {'brightness': 'the yaw in degrees'}
    """
    check(name)
    module, _, attribute = known().get(name, name).partition(":")
    path = None if checkpoint is None else Path(checkpoint)
    try:
        made_by = importlib.import_module(module)
    except ImportError as error:
        raise BenchError(
            f"--model {name}: '{module}' cannot be imported ({error}): install it in this environment"
        ) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if name in TABLE:
            raise
        log.exception("module %s could not be imported", module)
        raise BenchError(f"--model {name}: importing '{module}' failed with {raised(error)}") from error
    try:
        make = getattr(made_by, attribute)
    except AttributeError:
        raise BenchError(f"--model {name}: '{module}' has no '{attribute}'") from None
    _see_callable(name, make, options)
    try:
        return cast("Model", make(path, device=device, **options))
    except (BenchError, KeyboardInterrupt):
        raise
    except BaseException as error:
        if name in TABLE:
            raise  # a fault of ours keeps its traceback
        log.exception("model %s could not be made", name)
        raise BenchError(f"--model {name}: making it failed with {raised(error)}") from error


def _see_callable(name: str, make: Any, options: Mapping[str, Any]) -> None:
    """Raise `BenchError` if what a name stands for cannot be called as a model is made."""
    try:
        signature = inspect.signature(make)
    except TypeError:
        raise BenchError(f"--model {name} is no class and no function: name what makes your model") from None
    except ValueError:  # written in C, and does not say what it takes
        return
    try:
        signature.bind(None, device="cpu", **options)
    except TypeError as error:
        if any(f"'{option}'" in str(error) for option in options):
            raise BenchError(f"--model {name} does not take all of {', '.join(options)} ({error})") from None
        raise BenchError(
            f"--model {name} cannot be called as (checkpoint, device=…) ({error}): see examples/my_model.py"
        ) from None
