"""Whether there is such a file, asked with any text: a name that no system can hold is that of no file."""

from __future__ import annotations

from pathlib import Path


def is_file(path: Path) -> bool:
    """Whether there is a regular file of that name."""
    try:
        return path.is_file()
    except OSError:  # too long a name, or a way through what is no folder
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder of that name."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_there(path: Path) -> bool:
    """Whether there is anything of that name."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_link(path: Path) -> bool:
    """Whether there is a symbolic link of that name, whatever it leads to."""
    try:
        return path.is_symlink()
    except OSError:
        return False
