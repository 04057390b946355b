"""Suites: named, versioned lists of clips. A suite is one file under `bench/suites/`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.clips import Clip
from bench.errors import BenchError
from bench.file_names import file_name
from bench.files.presence import is_file
from bench.files.toml import read_toml
from bench.near_names import hint
from bench.settings import Setting
from bench.suites.named_files import LeftOut
from bench.suites.recipe import Recipe
from bench.suites.suite_file import ClipEntry, SuiteFile

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite with its clips found on disk. `listed` counts what the suite names, present or not."""

    id: str
    version: int
    title: str
    clips: tuple[Clip, ...]
    listed: int
    size: tuple[int, int] = (256, 256)
    settings: tuple[Setting, ...] = (Setting(),)
    prepared: Recipe | None = None
    missing: tuple[str, ...] = ()
    """Ids of the clips whose files are not there."""
    left_out: tuple[LeftOut, ...] = ()
    """What was named and is no clip; `listed` counts it."""
    beside: Mapping[str, int] = field(default_factory=dict)
    """What else lies in folders that were named, by suffix; `listed` does not count it."""

    def first(self, limit: int | None) -> Suite:
        """The suite cut down to its first `limit` clips; None keeps all."""
        return self if limit is None else replace(self, clips=self.clips[:limit])

    def animating(self, source: Path) -> Suite:
        """The suite with every clip driving the picture `source` instead of its own first frame."""
        if not is_file(source):
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

    Example:
        >>> from bench.suites import suite
        >>> "demo" in suite.names()
        True
        >>> demo = suite.load("demo")
        >>> demo.id, demo.version, [clip.id for clip in demo.clips][:2], demo.missing
        ('demo', 1, ['ada_01', 'ada_02'], ())
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
        if is_file(path):
            return path
        raise BenchError(f"there is no suite file '{name}': check the path, or name one of {', '.join(names())}")
    if name not in names():
        raise BenchError(f"there is no suite '{name}': {hint(name, names())}the suites are {', '.join(names())}")
    return FOLDER / f"{name}.toml"


def read(path: Path, *, data: Path | None = None) -> Suite:
    """Read a suite file; its clips lie under `data`, or beside the file."""
    file = _written(path)
    settings = tuple(map(Setting.parse, file.settings))
    views = {view: Setting.parse(view) for entry in file.clips for view in entry.views}
    root = data if data is not None else path.parent
    prepared = file.prepared if data is None else file.prepared or _recipe_of(data)
    clips = _listed(file, data) if file.published else [_clip(entry, root, views) for entry in file.clips]
    _refuse_repeats(clips, f"suite file '{path}'")
    present = tuple(clip for clip in clips if is_file(clip.path))
    if not present:
        raise BenchError(
            f"suite '{file.id}': none of its {len(clips)} clips is under '{root}': name the folder with --data"
            + (f"; {file.how_to_get}" if file.how_to_get else "")
        )
    missing = tuple(clip.id for clip in clips if not is_file(clip.path))
    return Suite(
        id=file.id,
        version=file.version,
        title=file.title,
        clips=present,
        listed=len(clips),
        size=prepared.size if prepared is not None else file.frames.size,
        settings=settings,
        prepared=prepared,
        missing=missing,
    )


def _written(path: Path) -> SuiteFile:
    try:
        return SuiteFile.read(read_toml(path), where=f"suite file '{path}'")
    except (OSError, ValueError) as error:
        raise BenchError(
            f"suite file '{path}' cannot be read ({error}): restore it, or prepare its data anew"
        ) from None


def _listed(written: SuiteFile, data: Path | None) -> list[Clip]:
    """The clips of a published list, as `prepare` lays them out below the data folder."""
    from bench.suites.lists import catalogue

    assert written.published is not None
    if data is None:
        raise BenchError(f"suite '{written.id}' needs its data: name the folder with --data; {written.how_to_get}")
    listed = catalogue.clips(written.published, folder=data)
    return [Clip(id=clip.id, path=_prepared(data, file_name(clip.id)), person=clip.person) for clip in listed]


def _recipe_of(data: Path) -> Recipe | None:
    """How the data folder of a published list was prepared: by the suite file that `prepare` leaves in it."""
    path = data / "suite.toml"
    return _written(path).prepared if is_file(path) else None


def _prepared(data: Path, stem: str) -> Path:
    """Where a prepared clip lies: `clips/ID.*` or `ID.*` below the data folder."""
    places = _places(data, stem)
    return next((path for path in places if is_file(path)), places[0])


def _places(data: Path, stem: str) -> list[Path]:
    return [folder / f"{stem}{suffix}" for folder in (data / "clips", data) for suffix in (".mkv", ".mp4", ".avi")]


def _clip(entry: ClipEntry, root: Path, views: Mapping[str, Setting]) -> Clip:
    seen = {views[view]: root / file for view, file in entry.views.items()}
    path = root / entry.file
    if not is_file(path):
        path = next((made for made in _places(root, Path(entry.file).stem) if is_file(made)), path)
    return Clip(id=entry.id, path=path, person=entry.person, views=seen)


def _refuse_repeats(clips: Sequence[Clip], where: str) -> None:
    repeated = [identity for identity, count in Counter(clip.id for clip in clips).items() if count > 1]
    if repeated:
        raise BenchError(f"{where}: two clips are called '{repeated[0]}': give each an id of its own")
