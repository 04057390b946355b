"""Base of every file that people write or read: typed, immutable, and strict about unknown keys."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from bench.errors import BenchError
from bench.near_names import hint


class Record(BaseModel):
    """A typed record; an unknown key is an error that names the key and its near matches."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings", arbitrary_types_allowed=False)

    @model_validator(mode="before")
    @classmethod
    def _name_unknown_keys(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        known = {name for field, info in cls.model_fields.items() for name in (field, info.alias) if name}
        for key in data:
            if key not in known:
                meant = hint(str(key), known).rstrip() or f"known keys are {', '.join(sorted(known))}"
                raise ValueError(f"unknown key '{key}': {meant}")
        return data

    @classmethod
    def read(cls, data: object, *, where: str) -> Self:
        """Check `data` against this record.

        Raises:
            BenchError: the first thing that is wrong, with the place in `where`.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            message = first["msg"].removeprefix("Value error, ")
            raise BenchError(f"{where}{f', {place}' if place else ''}: {message}") from None
