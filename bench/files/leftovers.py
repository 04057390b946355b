"""What other systems and programs leave among videos: notes, thumbnails, unfinished downloads."""

from __future__ import annotations

import re
from pathlib import Path

_LEFT_BY = {
    "macOS": (".ds_store", ".localized", "__macosx", ".appledouble", ".spotlight-v100", ".trashes", ".fseventsd"),
    "Windows": ("thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information"),
    "a network drive": ("@eadir", "#recycle", "@recycle", ".@__thumb"),
    "a Linux desktop": (".directory", ".trash-1000", "lost+found"),
}
_OWNERS = {name: owner for owner, names in _LEFT_BY.items() for name in names}

_UNFINISHED = re.compile(
    r"\.(part|part-frag\d+|crdownload|partial|download|opdownload|filepart|ytdl|aria2|!ut|!qb)$"
    r"|^\.[^/]+\.\w{2,4}\.\w{6}$"  # rsync's, until the whole file is there
)
_APPLE = (bytes.fromhex("00051607"), bytes.fromhex("00051600"))
"""How AppleDouble and AppleSingle files begin."""


def leftover(path: Path) -> str:
    """Why `path` is no video but something left among videos, in words; empty where nothing says that it is."""
    for part in reversed(path.parts):
        if owner := _OWNERS.get(part.lower()):
            return f"left by {owner}, no video"
    if _UNFINISHED.search(path.name.lower()):
        return "an unfinished download"
    if path.name.startswith("._") and (path.with_name(path.name[2:]).exists() or _is_apple(path)):
        return "macOS's notes on another file, no video"
    return ""


def _is_apple(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) in _APPLE
    except OSError:
        return False
