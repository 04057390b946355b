"""TOML written, which Python does not, and read, whatever the bytes are."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")

Value = str | bool | int | float | Sequence["Value"] | Mapping[str, "Value"]


def read_toml(path: Path) -> dict[str, Any]:
    """The document in a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no TOML in UTF-8, or none that any of our files is; the message is a clause.
    """
    text = path.read_text(encoding="utf-8")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError:
        raise ValueError("a number or a date in it is none") from None


def to_toml(document: Mapping[str, Value], *, comment: str = "") -> str:
    """A document as text: plain values, then a `[table]` for every mapping and a `[[table]]` for every one of a list.

    Tables inside tables are written inline. `comment` is one line above all.
    """
    lines = [f"# {comment}"] if comment else []
    tables = {name: value for name, value in document.items() if _is_table(value)}
    lines += _pairs({name: value for name, value in document.items() if name not in tables})
    for name, value in tables.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{_key(name)}]", *_pairs(value)]
        else:
            assert isinstance(value, Sequence)
            for entry in value:
                assert isinstance(entry, Mapping)
                lines += ["", f"[[{_key(name)}]]", *_pairs(entry)]
    return "\n".join(lines) + "\n"


def _is_table(value: Value) -> bool:
    """Whether a value of the document gets a heading of its own."""
    if isinstance(value, Mapping):
        return True
    if isinstance(value, str) or not isinstance(value, Sequence):
        return False
    return len(value) > 0 and all(isinstance(entry, Mapping) for entry in value)


def _pairs(table: Mapping[str, Value]) -> list[str]:
    return [f"{_key(name)} = {_written(value)}" for name, value in table.items()]


def _written(value: Value) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return f"{{ {', '.join(_pairs(value))} }}" if value else "{}"
    return f"[{', '.join(map(_written, value))}]" if isinstance(value, Sequence) else repr(value)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes, with other characters as they are."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
