"""Input files on another machine: seen there by their path, or shipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from bench.errors import BenchError
from bench.file_names import file_name
from bench.run.clip_task import ClipTask
from bench.run.plan import Plan
from bench.settings import Setting
from bench.weights.files import digest

Bytes = Mapping[str, bytes]
"""Name of a file inside a folder, or empty for a file itself → what is in it."""


@dataclass(frozen=True, slots=True)
class Input:
    """A file or a folder of pictures, and what must lie at its path for it to be the same.

    `files`: name inside the folder (empty for a file itself), bytes, sha256. `setting`: of a finished prediction.
    """

    path: Path
    files: tuple[tuple[str, int, str], ...]
    setting: Setting | None = None

    @classmethod
    def of(cls, path: Path, setting: Setting | None = None) -> Self:
        """What lies at a path of this machine; without files where there is nothing."""
        path = path.absolute()
        inside = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else []
        names = [file.relative_to(path).as_posix() for file in inside] or [""] * path.is_file()
        files = [(name, path / name if name else path) for name in names]
        return cls(path, tuple((name, file.stat().st_size, digest(file)) for name, file in files), setting)

    def is_here(self) -> bool:
        """Whether this machine sees the same under the same path; a file of another size is not read."""
        try:
            return all(
                (file := self.path / name if name else self.path).stat().st_size == size and digest(file) == sha256
                for name, size, sha256 in self.files
            )
        except OSError:
            return False

    def read(self) -> Bytes:
        """All of it.

        Raises:
            OSError: it cannot be read.
        """
        return {name: (self.path / name if name else self.path).read_bytes() for name, _, _ in self.files}


def write(content: Bytes, path: Path) -> Path:
    """Put a shipped input where it is to lie; returns `path`."""
    for name, data in content.items():
        file = path / name if name else path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return path


def clip_inputs(task: ClipTask, plan: Plan) -> tuple[Input, ...]:
    """All that a clip is made from, with its finished predictions; what is not there is left out."""
    clip = task.clip
    paths = (clip.path, *([] if clip.source is None else [clip.source]), *clip.views.values())
    found = [Input.of(path) for path in dict.fromkeys(paths)]
    for setting in plan.settings if plan.model.predictions is not None else ():
        assert plan.model.predictions is not None
        try:
            found.append(Input.of(plan.model.predictions.find(clip.id, setting, plan.settings), setting))
        except BenchError:  # whoever looks for it says so
            continue
    return tuple(each for each in found if each.files)


@dataclass(frozen=True, slots=True)
class Moved:
    """A clip's task and its plan with shipped files in the place of their own."""

    task: ClipTask
    plan: Plan
    names: Mapping[str, str]
    """Path of what was shipped → its path on the machine that it came from, for what is told of it."""


def moved(task: ClipTask, plan: Plan, inputs: Sequence[Input], shipped: Mapping[Path, Bytes], folder: Path) -> Moved:
    """Write what was shipped of a clip's inputs into a folder of its own, and read it from there.

    Features of its reference frames are not kept between runs then: they are known by the path of the clip.
    """
    if not shipped:
        return Moved(task, plan, {})
    names: dict[str, str] = {}

    def there(path: Path) -> Path:
        content = shipped.get(path.absolute())
        if content is None:
            return path
        place = write(content, folder / str(len(names)) / path.name)
        names[str(place)] = str(path)
        return place

    clip = task.clip
    views = {setting: there(path) for setting, path in clip.views.items()}
    source = None if clip.source is None else there(clip.source)
    new = replace(clip, path=there(clip.path), source=source, views=views)
    model, before = plan.model, plan.model.predictions
    if before is not None and any(each.setting is not None and each.path in shipped for each in inputs):
        theirs = folder / "predictions"
        for each in inputs:
            if each.setting is not None:
                suffix = each.path.suffix if ("", *each.files[0][1:]) == each.files[0] else ""
                place = theirs / each.setting.folder / f"{file_name(clip.id)}{suffix}"
                place.parent.mkdir(parents=True, exist_ok=True)
                if each.path in shipped:
                    write(shipped[each.path], place)
                else:
                    place.symlink_to(each.path)
                names[str(place)] = str(each.path)
        names[str(theirs)] = str(before.folder)
        model = replace(model, predictions=replace(before, folder=theirs, pattern=None, table=None))
    return Moved(replace(task, clip=new), replace(plan, model=model, feature_cache=None), names)
