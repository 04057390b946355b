"""Documents as text, with values that the usual writers refuse."""

import json

from benchmarks.fuzz.hostile import Raw


def to_json(value: object) -> str:
    """JSON as Python reads it: infinities and NaN too."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))}: {to_json(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(to_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def to_toml(document: object) -> str:
    """TOML with everything below the top in line."""
    if not isinstance(document, dict):
        return _in_line(document)
    return "\n".join(f"{_quoted(str(key))} = {_in_line(value)}" for key, value in document.items()) + "\n"


def _in_line(value: object) -> str:
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(str(key))} = {_in_line(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_in_line, value)) + "]"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    return str(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
