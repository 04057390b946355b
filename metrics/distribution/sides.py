"""Both sides of a comparison as arrays by name: `pred.rows`, `ref.rows`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


def of_sides(**sides: Arrays) -> dict[str, NDArray[Any]]:
    """The arrays of all sides together, each under its side's name and its own."""
    return {f"{side}.{name}": array for side, arrays in sides.items() for name, array in arrays.items()}


def one_side(arrays: Arrays, side: str) -> dict[str, NDArray[Any]]:
    """The arrays of one side, under their own names."""
    return {name.removeprefix(f"{side}."): array for name, array in arrays.items() if name.startswith(f"{side}.")}
