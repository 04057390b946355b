"""JSON read, whatever the bytes are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from bench.file_names import readable

_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def read_json(path: Path) -> Any:
    """The document in a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON in UTF-8, or none that any of our files is; the message is a clause.
    """
    return parse_json(path.read_text(encoding="utf-8"))


def parse_json(text: str) -> Any:
    """The document in a text; halves of characters, which JSON can escape, are written out. Raises as `read_json`."""
    try:
        document = json.loads(text)
        return _whole(document) if _HALF.search(text) else document
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError:
        raise ValueError("a number in it has thousands of digits") from None


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, dict):
        return {readable(name): _whole(each) for name, each in value.items()}
    return [_whole(each) for each in value] if isinstance(value, list) else value
