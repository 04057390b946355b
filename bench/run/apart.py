"""Clips whose videos a file system would keep under one name."""

from __future__ import annotations

import contextlib
import secrets
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from bench.errors import BenchError
from bench.file_names import file_name, folded


def check_apart(clips: Iterable[str], folder: Path) -> None:
    """Raise `BenchError` where two ids differ in capitals or forms of accents only, and `folder` takes them for one.

    The second one's videos would replace those of the first (macOS, Windows).
    """
    seen: dict[str, str] = {}
    for clip in clips:
        twin = seen.setdefault(folded(file_name(clip)), clip)
        if twin != clip and _takes_for_one(folder):
            raise BenchError(
                f"clips '{twin}' and '{clip}' have one file name on the file system of '{folder}': rename one of them, "
                "name another folder with --out, or keep no videos with --video-codec none"
            )


def _takes_for_one(folder: Path) -> bool:
    """Whether names that differ in capitals, or in forms of accents, are one file there."""
    name = f".apart-{secrets.token_hex(8)}-é"
    try:
        (folder / name).touch(exist_ok=False)
        return any((folder / other).exists() for other in (name.upper(), unicodedata.normalize("NFD", name)))
    except OSError:
        return False  # what cannot be written is told by whoever writes there
    finally:
        with contextlib.suppress(OSError):
            (folder / name).unlink()
