"""The files that somebody names: by path, by glob pattern, or by the folder that holds them. All are counted."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError
from bench.file_names import readable
from bench.files.leftovers import leftover
from bench.files.presence import is_folder
from bench.media.formats import ANIMATIONS, VIDEO_SUFFIXES, is_animated_webp
from bench.record import Record

_Found = tuple[Path, str]
"""A file, and why it is no clip; empty where it is one."""


class LeftOut(Record):
    """Something that was named and is no clip, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class NamedFiles:
    """What was named: each is among `paths`, once, or `left_out`.

    `beside` counts, by suffix, what else lies in folders that were named; it does not look like video.
    """

    paths: tuple[Path, ...]
    left_out: tuple[LeftOut, ...]
    beside: Mapping[str, int]


def named_files(patterns: Sequence[str], *, option: str) -> NamedFiles:
    """Every file that the patterns match; a folder stands for the videos in it. `option` is what gave the patterns.

    A file is taken once, under its own name rather than a link's.

    Raises:
        BenchError: a pattern matches nothing, or what they match is all left out.
    """
    found: list[_Found] = []
    beside: Counter[str] = Counter()
    for pattern in patterns:
        mine = list(_expand(pattern, beside))
        if not mine:
            what = "holds no video file" if is_folder(Path(pattern)) else "matches no file"
            raise BenchError(f"{option} '{pattern}' {what}: check the path, and put a pattern in quotes")
        found += mine
    doubles = _doubles([path for path, why in found if not why])
    paths, left_out = [], []
    for path, why in found:
        reason = why or next(doubles)
        if reason:
            left_out.append(LeftOut(name=readable(str(path)), reason=reason))
        else:
            paths.append(path)
    if not paths:
        first = left_out[0]
        raise BenchError(
            f"{option} names no video: '{first.name}' is {first.reason}"
            + (f" (so is, or the like, {len(left_out) - 1} more)" if len(left_out) > 1 else "")
            + ": name files of videos, or a folder of them"
        )
    return NamedFiles(tuple(sorted(paths)), tuple(left_out), dict(sorted(beside.items())))


def same_file(path: Path) -> object:
    """What two paths of one file have in common, also over links of either kind."""
    facts = path.stat()
    return (facts.st_dev, facts.st_ino) if facts.st_ino else path.resolve()


def _doubles(paths: Sequence[Path]) -> Iterator[str]:
    """For every file, in order, why it is not taken: it is there already, or comes later under its own name."""
    kept: dict[object, int] = {}
    for place, path in enumerate(paths):
        first = kept.setdefault(same_file(path), place)
        if paths[first].is_symlink() and not path.is_symlink():
            kept[same_file(path)] = place
    for place, path in enumerate(paths):
        first = kept[same_file(path)]
        if first == place:
            yield ""
        elif (path.parent.resolve(), path.name) == (paths[first].parent.resolve(), paths[first].name):
            yield "named twice"
        else:
            yield f"the same file as '{readable(str(paths[first]))}'"


def _expand(pattern: str, beside: Counter[str]) -> Iterator[_Found]:
    path = Path(pattern)
    if is_folder(path):
        if why := leftover(Path(path.name)):
            yield path, why
        else:
            yield from _in_folder(path, beside)
    elif os.path.lexists(pattern):  # a file whose own name may hold glob characters, or a broken link
        yield path, _no_clip(path)
    else:
        for found in _matching(pattern):
            if not found.is_dir():
                yield found, _no_clip(found)
            elif "**" not in pattern:  # which goes through folders
                yield found, leftover(Path(found.name)) or "a folder: name it by itself for the videos in it"


def _matching(pattern: str) -> list[Path]:
    try:
        return [Path(found) for found in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207
    except (OSError, ValueError, RecursionError):  # no file can have such a name
        return []


def _in_folder(folder: Path, beside: Counter[str]) -> Iterator[_Found]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise BenchError(f"the folder '{folder}' cannot be read ({error.strerror}): check its permissions") from None
    videos = {path.stem: path.name for path in entries if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()}
    for path in entries:
        suffix = path.suffix.lower()
        if suffix in VIDEO_SUFFIXES or leftover(Path(path.name)):
            yield path, _no_clip(path)
        elif suffix not in ANIMATIONS:
            beside["folder" if path.is_dir() else suffix or "without suffix"] += 1
        elif path.stem in videos:
            yield path, f"an animation of '{videos[path.stem]}', by its name"
        else:
            is_still = suffix == ".webp" and path.is_file() and not is_animated_webp(path)
            yield path, "a still picture" if is_still else _no_clip(path)


def _no_clip(path: Path) -> str:
    """Why what lies there cannot be a clip; empty where it may be one."""
    if why := leftover(path):
        return why
    if path.is_symlink() and not path.exists():
        return f"a link to '{readable(str(path.readlink()))}', which is not there"
    if not path.is_file():
        return "a folder, no file" if path.is_dir() else "no file of contents"
    return ""
