"""Suites of videos that are named on the command line, and of pairs."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.clips import Clip
from bench.errors import BenchError
from bench.file_names import readable
from bench.files.presence import is_file, is_link, is_there
from bench.suites.named_files import named_files
from bench.suites.suite import Suite, _refuse_repeats


def of_videos(patterns: Sequence[str], *, size: tuple[int, int] = (256, 256), option: str = "--videos") -> Suite:
    """Every file that the glob patterns match, as a suite of its own. A folder stands for the videos in it.

    Clips are called after their files; where two would share a name, their suffix or folder tells them apart. What was
    named and is no clip is left out with the reason. `option` is what gave the patterns.

    Raises:
        BenchError: a pattern matches no file, or none of them a video.
    """
    named = named_files(patterns, option=option)
    clips = tuple(
        Clip(id=identity, path=path) for identity, path in zip(_identities(named.paths), named.paths, strict=True)
    )
    return Suite(
        id="videos",
        version=1,
        title="videos",
        clips=clips,
        listed=len(clips) + len(named.left_out),
        size=size,
        left_out=named.left_out,
        beside=named.beside,
    )


def of_pairs(table: Path, *, size: tuple[int, int] = (256, 256)) -> Suite:
    """Cross-identity pairs: a CSV file with the columns source and driving, and id if the pairs have names.

    A source is a picture or a video, of which the first frame counts; paths are relative to the table's folder.

    Raises:
        BenchError: the table cannot be read, lacks a column or a file, or names two pairs alike.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            found = reader.fieldnames or ()
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BenchError(f"the pairs '{table}' cannot be read ({error}): save them as CSV in UTF-8") from None
    if not {"source", "driving"} <= set(found):
        told = f"they have {', '.join(repr(name) for name in found)}" if found else "their first line is empty"
        raise BenchError(
            f"the pairs '{table}' need a row of column names, source and driving (and id), in small letters "
            f"and with nothing but a comma between them: {told}"
        )
    if not rows:
        raise BenchError(f"the pairs '{table}' hold column names and no pair: add a row for each")
    clips = tuple(_pair(table, line, row) for line, row in rows)
    _refuse_repeats(clips, f"the pairs '{table}'")
    return Suite(id="pairs", version=1, title=table.stem, clips=clips, listed=len(clips), size=size)


def _pair(table: Path, line: int, row: dict[str, str]) -> Clip:
    paths = []
    for name in ("source", "driving"):
        if not row[name]:
            raise BenchError(f"the pairs '{table}', line {line}: the column {name} is empty: name a file there")
        path = table.parent / row[name]
        if is_link(path) and not is_there(path):
            target = readable(str(path.readlink()))
            raise BenchError(
                f"the pairs '{table}', line {line}, column {name}: '{path}' is a link to '{target}', which is not there"
            )
        if not is_file(path):
            raise BenchError(f"the pairs '{table}', line {line}, column {name}: '{path}' is not a file")
        paths.append(path)
    source, driving = paths
    return Clip(id=row.get("id") or readable(f"{source.stem}--{driving.stem}"), path=driving, source=source)


def _identities(paths: Sequence[Path]) -> list[str]:
    identities = [readable(path.stem) for path in paths]
    for longer in ([path.name for path in paths], [str(path) for path in paths]):
        counts = Counter(identities)
        identities = [
            readable(name) if counts[identity] > 1 else identity
            for identity, name in zip(identities, longer, strict=True)
        ]
    return identities
