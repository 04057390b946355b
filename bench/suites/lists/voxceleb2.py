"""VoxCeleb2's track files: one text file per utterance, a face box for every frame."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from bench.errors import BenchError
from bench.files.presence import is_folder
from bench.suites.lists.listed import Listed, ListedBox, Span, part, read_text, wrong_line

WHAT = "the folder of track files (ID/VIDEO/UTTERANCE.txt) of the VoxCeleb site"
FPS = 25
_GROWN = 0.1
"""Share of its sides by which the box of a track grows, at each end."""
_FIELD = re.compile(r"(Identity|Reference)\s*:\s*(\S+)")
_ROW = re.compile(r"(\d{1,9})\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*")


def read(folder: Path) -> list[Listed]:
    """Every utterance below `folder`, called `person#video#utterance`, in the order of their paths.

    Frames count at 25 fps, the last one inclusive; boxes x, y, w, h are parts of the frame's width and height. The
    crop is this benchmark's own, for published work differs in it: the smallest box around the whole track, grown by
    a tenth of its sides as the VoxCeleb1 preprocessing does (not made square: the list does not know the pixels).

    Raises:
        BenchError: there are no track files, or one is of another format.
    """
    paths = sorted(folder.rglob("*.txt")) if is_folder(folder) else []
    if not paths:
        raise BenchError(f"{folder} holds no track files: put {WHAT} there")
    return [read_track(path) for path in paths]


def read_track(path: Path) -> Listed:
    """One utterance."""
    fields: dict[str, str] = {}
    frames: list[int] = []
    edges: list[tuple[float, float, float, float]] = []
    for number, line in enumerate(read_text(path, WHAT).splitlines(), start=1):
        text = line.strip()
        field, row = _FIELD.match(text), _ROW.fullmatch(text)
        if field:
            fields[field[1]] = field[2]
        elif row:
            x, y, width, height = _numbers(row, path, number, line)
            frames.append(int(row[1]))
            edges.append((x, y, x + width, y + height))
        elif frames and text:
            raise wrong_line(path, number, line, "FRAME X Y W H")
    if not frames or fields.keys() != {"Identity", "Reference"}:
        raise BenchError(f"{path} is no VoxCeleb2 track file (Identity, Reference, FRAME X Y W H): get it again")
    tracked = np.array(edges)
    (left, top), (right, bottom) = tracked[:, :2].min(axis=0).tolist(), tracked[:, 2:].max(axis=0).tolist()
    across, down = _GROWN * (right - left), _GROWN * (bottom - top)
    person, video = fields["Identity"], fields["Reference"]
    return Listed(
        id=f"{person}#{video}#{path.stem}",
        video=video,
        span=Span(min(frames), max(frames) + 1, FPS),
        box=ListedBox(left - across, top - down, right + across, bottom + down, 1, 1),
        person=person,
    )


def _numbers(row: re.Match[str], path: Path, number: int, line: str) -> tuple[float, float, float, float]:
    try:
        x, y, width, height = map(part, row.groups()[1:])
    except ValueError:
        raise wrong_line(path, number, line, "FRAME X Y W H") from None
    return x, y, width, height
