"""Suites: named, versioned lists of clips. A suite is one file under `bench/suites/`."""

from __future__ import annotations

import csv
import difflib
import glob
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from bench.clips import Clip
from bench.errors import BenchError
from bench.prepare.recipe import Recipe
from bench.record import Record
from bench.settings import Setting
from bench.store import file_name, readable

FOLDER = Path(__file__).parent / "suites"

VIDEO_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in "3gp avi flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf nut ogv ts vob webm wmv y4m".split()  # noqa: SIM905
)


class FrameRules(Record):
    """How the suite's frames are prepared: (height, width) after the resize, and the nominal rate of its clips."""

    size: tuple[int, int] = (256, 256)
    fps: float | None = None


class ClipEntry(Record):
    """One clip of a suite; paths are relative to the suite's data folder."""

    id: str
    file: str
    person: str | None = None
    truth: str | None = None
    views: dict[str, str] = {}


class SuiteFile(Record):
    """The file of a suite, as it is written."""

    schema_version: Literal[1] = Field(alias="schema")
    id: str
    version: int
    title: str
    licence: str
    settings: tuple[str, ...] = ("original",)
    """Settings of a run that names none."""
    frames: FrameRules = FrameRules()
    prepared: Recipe | None = None
    """How `benchmark.py prepare` made the clips."""
    clips: tuple[ClipEntry, ...] = ()
    published: str | None = None
    """Name of the published list that names the clips, instead of `clips`."""
    how_to_get: str = ""
    """How the data is come by, in a sentence."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite with its clips found on disk. `listed` counts what the suite names, present or not."""

    id: str
    version: int
    title: str
    clips: tuple[Clip, ...]
    listed: int
    size: tuple[int, int] = (256, 256)
    settings: tuple[str, ...] = ("original",)
    prepared: Recipe | None = None
    missing: tuple[str, ...] = ()
    """Ids of the clips whose files are not there."""

    def first(self, limit: int | None) -> Suite:
        """The suite cut down to its first `limit` clips; None keeps all."""
        return self if limit is None else replace(self, clips=self.clips[:limit])

    def animating(self, source: Path) -> Suite:
        """The suite with every clip driving the picture `source` instead of its own first frame."""
        if not source.is_file():
            raise BenchError(f"--source '{source}' is not a file: name a picture or a video")
        return replace(self, clips=tuple(replace(clip, source=source, views={}) for clip in self.clips))


def names() -> list[str]:
    """Names of the suites that ship with the benchmark."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name: str, *, data: Path | None = None) -> Suite:
    """Read a named suite, or the suite file at the path `name`, and find its clips under `data`.

    Suites with embedded clips need no `data`.

    Raises:
        BenchError: no suite is called `name`, its file is wrong, or none of its clips is there.
    """
    return read(_file(name), data=data)


def written(name: str) -> SuiteFile:
    """The file of a named suite, or the suite file at the path `name`, without looking for its clips.

    Raises:
        BenchError: no suite is called `name`.
    """
    return _written(_file(name))


def _file(name: str) -> Path:
    path = Path(name)
    if path.suffix.lower() == ".toml":
        if path.is_file():
            return path
        raise BenchError(f"there is no suite file '{name}': check the path, or name one of {', '.join(names())}")
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=2)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise BenchError(f"there is no suite '{name}': {hint}the suites are {', '.join(names())}")
    return FOLDER / f"{name}.toml"


def read(path: Path, *, data: Path | None = None) -> Suite:
    """Read a suite file; its clips lie under `data`, or beside the file."""
    file = _written(path)
    for setting in (*file.settings, *(view for entry in file.clips for view in entry.views)):
        Setting.parse(setting)
    root = data if data is not None else path.parent
    prepared = file.prepared if data is None else file.prepared or _recipe_of(data)
    clips = _listed(file, data) if file.published else [_clip(entry, root) for entry in file.clips]
    _refuse_repeats(clips, f"suite file '{path}'")
    present = tuple(clip for clip in clips if clip.path.is_file())
    if not present:
        raise BenchError(
            f"suite '{file.id}': none of its {len(clips)} clips is under '{root}': name the folder with --data"
            + (f"; {file.how_to_get}" if file.how_to_get else "")
        )
    missing = tuple(clip.id for clip in clips if not clip.path.is_file())
    return Suite(
        id=file.id,
        version=file.version,
        title=file.title,
        clips=present,
        listed=len(clips),
        size=prepared.size if prepared is not None else file.frames.size,
        settings=file.settings,
        prepared=prepared,
        missing=missing,
    )


def _written(path: Path) -> SuiteFile:
    try:
        text = path.read_text(encoding="utf-8")
        return SuiteFile.read(tomllib.loads(text), where=f"suite file '{path}'")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BenchError(
            f"suite file '{path}' cannot be read ({error}): restore it, or prepare its data anew"
        ) from None


def _listed(written: SuiteFile, data: Path | None) -> list[Clip]:
    """The clips of a published list, as `prepare` lays them out below the data folder."""
    from bench.lists import published

    assert written.published is not None
    if data is None:
        raise BenchError(f"suite '{written.id}' needs its data: name the folder with --data; {written.how_to_get}")
    listed = published.clips(written.published, folder=data)
    return [Clip(id=clip.id, path=_prepared(data, file_name(clip.id)), person=clip.person) for clip in listed]


def _recipe_of(data: Path) -> Recipe | None:
    """How the data folder of a published list was prepared: by the suite file that `prepare` leaves in it."""
    path = data / "suite.toml"
    return _written(path).prepared if path.is_file() else None


def _prepared(data: Path, stem: str) -> Path:
    """Where a prepared clip lies: `clips/ID.*` or `ID.*` below the data folder."""
    places = _places(data, stem)
    return next((path for path in places if path.is_file()), places[0])


def _places(data: Path, stem: str) -> list[Path]:
    return [folder / f"{stem}{suffix}" for folder in (data / "clips", data) for suffix in (".mkv", ".mp4", ".avi")]


def _clip(entry: ClipEntry, root: Path) -> Clip:
    views = {str(Setting.parse(view)): root / file for view, file in entry.views.items()}
    path = root / entry.file
    if not path.is_file():
        path = next((made for made in _places(root, Path(entry.file).stem) if made.is_file()), path)
    return Clip(id=entry.id, path=path, person=entry.person, views=views)


def of_videos(patterns: Sequence[str], *, size: tuple[int, int] = (256, 256), option: str = "--videos") -> Suite:
    """Every file that the glob patterns match, as a suite of its own. A folder stands for the videos in it.

    Clips are called after their files; where two would share a name, their suffix or folder tells them apart.
    `option` is what gave the patterns.

    Raises:
        BenchError: a pattern matches no file.
    """
    paths: list[Path] = []
    for pattern in patterns:
        found = sorted(_expand(pattern))
        if not found:
            what = "holds no video file" if Path(pattern).is_dir() else "matches no file"
            raise BenchError(f"{option} '{pattern}' {what}: check the path, and put a pattern in quotes")
        paths += found
    unique = sorted({path.resolve(): path for path in paths}.values())
    clips = tuple(Clip(id=identity, path=path) for identity, path in zip(_identities(unique), unique, strict=True))
    return Suite(id="videos", version=1, title="videos", clips=clips, listed=len(clips), size=size)


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
        if not path.is_file():
            raise BenchError(f"the pairs '{table}', line {line}, column {name}: '{path}' is not a file")
        paths.append(path)
    source, driving = paths
    return Clip(id=row.get("id") or readable(f"{source.stem}--{driving.stem}"), path=driving, source=source)


def _refuse_repeats(clips: Sequence[Clip], where: str) -> None:
    repeated = [identity for identity, count in Counter(clip.id for clip in clips).items() if count > 1]
    if repeated:
        raise BenchError(f"{where}: two clips are called '{repeated[0]}': give each an id of its own")


def _expand(pattern: str) -> list[Path]:
    folder = Path(pattern)
    if folder.is_dir():
        return [path for path in folder.iterdir() if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()]
    if folder.is_file():
        return [folder]  # a file whose own name holds glob characters
    return [Path(found) for found in glob.glob(pattern, recursive=True) if Path(found).is_file()]  # noqa: PTH207


def _identities(paths: Sequence[Path]) -> list[str]:
    identities = [readable(path.stem) for path in paths]
    for longer in ([path.name for path in paths], [str(path) for path in paths]):
        counts = Counter(identities)
        identities = [
            readable(name) if counts[identity] > 1 else identity
            for identity, name in zip(identities, longer, strict=True)
        ]
    return identities
