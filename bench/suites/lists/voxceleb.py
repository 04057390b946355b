"""VoxCeleb1 as cut by the first-order-motion-model's preprocessing: `vox-metadata.csv`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.errors import BenchError
from bench.suites.lists.listed import Listed, ListedBox, Span, read_text, whole

WHAT = "vox-metadata.csv of github.com/AliaksandrSiarohin/video-preprocessing"
SHA256 = "dfbaf55a6edaaf84add29f93692f8bb7289aff1102631bcdf1b1aaf52f3953f7"
URL = "https://raw.githubusercontent.com/AliaksandrSiarohin/video-preprocessing/ac40aac58657/vox-metadata.csv"
COLUMNS = ("video_id", "start", "end", "bbox", "fps", "width", "height", "partition", "person_id")


def read(path: Path, *, partition: str | None = "test") -> list[Listed]:
    """The clips of one partition (None: of all), in the list's order, called `person#video#start#end`.

    `start` and `end` count frames at `fps`, the end exclusive; the box is `left-top-right-bottom` at width×height.
    The train partition names 297 clips twice or more, with other boxes; those are told apart by `#2`, `#3`, …

    Raises:
        BenchError: the file is missing, or a row is not of this format.
    """
    clips: list[Listed] = []
    seen: dict[str, int] = {}
    for number, row in _rows(path):
        if partition is not None and row["partition"] != partition:
            continue
        clip = _clip(row, path, number)
        seen[clip.id] = seen.get(clip.id, 0) + 1
        if seen[clip.id] > 1:
            clip = replace(clip, id=f"{clip.id}#{seen[clip.id]}")
        clips.append(clip)
    return clips


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows with the numbers of their lines."""
    rows = csv.DictReader(read_text(path, WHAT).splitlines())
    try:
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise BenchError(f"{path} has not the columns {','.join(COLUMNS)}: put {WHAT} there")
        for row in rows:
            if len(row) != len(COLUMNS) or None in row.values():
                raise _wrong_row(path, rows.line_num)
            yield rows.line_num, row
    except csv.Error:  # a field that never ends
        raise _wrong_row(path, rows.line_num) from None


def _clip(row: dict[str, str], path: Path, number: int) -> Listed:
    try:
        start, end, fps, width, height = (whole(row[name]) for name in ("start", "end", "fps", "width", "height"))
        left, top, right, bottom = (whole(edge) for edge in row["bbox"].split("-"))
        if fps <= 0:
            raise ValueError(fps)
    except (ValueError, TypeError, AttributeError):
        raise _wrong_row(path, number) from None
    return Listed(
        id=f"{row['person_id']}#{row['video_id']}#{start:06d}#{end:06d}",
        video=row["video_id"],
        span=Span(start, end, fps),
        box=ListedBox(left, top, right, bottom, width, height),
        person=row["person_id"],
    )


def _wrong_row(path: Path, number: int) -> BenchError:
    return BenchError(f"{path}, line {number}: not a row of {','.join(COLUMNS)}: get the list again")
