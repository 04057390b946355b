"""Finished videos of any model: which file is the prediction of which clip under which setting."""

from __future__ import annotations

import csv
import glob
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from bench.errors import BenchError, PredictionError
from bench.file_names import file_name
from bench.files.leftovers import leftover
from bench.files.presence import is_folder, is_there
from bench.media.formats import videos_among
from bench.media.image_folder import SUFFIXES
from bench.rows import Row
from bench.settings import Setting
from model.interface import Driving
from model.outside.playback import Alignment, FilePredictionStream

Settings = tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class Predictions:
    """A folder of videos, and the rule that matches them with clips and settings.

    Without `pattern` and `table`, the video of clip ID under SETTING is `DIR/<setting folder>/ID.*`, or `DIR/ID.*`
    where the run has one setting; a folder of that name holds the frames as pictures, or one video. `pattern` is a
    path under the folder with `{id}` and `{setting}` in it, and `*` for what differs; `table` a CSV file with the
    columns clip, file and, for several settings, setting; its rows of settings that the run has not are left alone.
    `align` and `panel` say what of the frames is scored (model/outside/playback.py).
    """

    folder: Path
    pattern: str | None = None
    table: Path | None = None
    align: Alignment = "strict"
    panel: int = 0

    def check(self, settings: Settings) -> None:
        """See that the rule can tell clips and settings apart.

        Raises:
            BenchError: it cannot, or the table cannot be read.
        """
        if self.pattern is not None and self.table is not None:
            raise BenchError("--pattern and --predictions-list exclude each other: name the files by one of them")
        if self.pattern is not None:
            if Path(self.pattern).is_absolute():
                raise BenchError(
                    f"--pattern '{self.pattern}' is an absolute path: "
                    f"write it relative to the folder of --predictions, '{self.folder}'"
                )
            named = set(re.findall(r"\{(\w*)\}", self.pattern))
            for name in sorted(named - {"id", "setting"}):
                raise BenchError(f"--pattern '{self.pattern}': there is no {{{name}}}: write {{id}} and {{setting}}")
            for name in sorted(({"id", "setting"} if len(settings) > 1 else {"id"}) - named):
                raise BenchError(f"--pattern '{self.pattern}' needs {{{name}}}, or one file would stand for several")
        if self.table is not None:
            for line in _lines(self.table):
                if line.setting is None and len(settings) > 1:
                    raise BenchError(
                        f"{line.where}: the run has {len(settings)} settings: name one in a column setting"
                    )

    def describe(self) -> Mapping[str, str | float | bool]:
        """Where the videos come from."""
        return {
            "folder": str(self.folder),
            "alignment": self.align,
            **({"panel": str(self.panel)} if self.panel else {}),
        }

    def begin(self, driving: Driving, settings: Settings) -> FilePredictionStream:
        """Open the videos of one clip."""
        stream = FilePredictionStream(driving, self.align, panel=self.panel)
        for setting in settings:
            stream.open(Row.of(setting), partial(self.find, driving.id, setting, settings))
        return stream

    def find(self, clip: str, setting: Setting, settings: Settings) -> Path:
        """The video of a clip under a setting.

        Raises:
            PredictionError: there is none, or more than one.
        """
        if self.table is not None:
            return self._listed(clip, setting)
        stem = file_name(clip)
        if self.pattern is not None:
            found, where = self._matching(stem, setting), str(self.folder / self._wanted(stem, setting))
        else:
            folders = self._folders(setting, settings)
            found = next((hits for folder in folders if (hits := named(folder, stem))), [])
            where = " or ".join(f"{folder / stem}.*" for folder in folders)
        if not found:
            raise PredictionError(f"clip '{clip}': no prediction under {setting}: {where} is not there")
        if len(found) > 1:
            names = " and ".join(path.name for path in found[:2])
            raise PredictionError(f"clip '{clip}': two predictions under {setting}, {names}: keep one")
        return found[0]

    def extra(self, clips: set[str], settings: Settings) -> list[Path]:
        """Predictions that belong to none of the clips."""
        if self.table is not None:
            return [self.folder / line.file for line in _lines(self.table) if line.clip not in clips]
        stems = {file_name(clip) for clip in clips}
        if self.pattern is not None:
            mine = {path for stem in stems for setting in settings for path in self._matching(stem, setting)}
            return sorted({path for setting in settings for path in self._matching("*", setting)} - mine)
        folders = {folder for setting in settings for folder in self._folders(setting, settings)}
        known = {_composed(stem) for stem in stems}
        return sorted(path for folder in folders for path in _videos(folder) if _composed(path.stem) not in known)

    def _wanted(self, stem: str, setting: Setting) -> str:
        assert self.pattern is not None
        return self.pattern.replace("{setting}", setting.folder).replace("{id}", stem)

    def _matching(self, stem: str, setting: Setting) -> list[Path]:
        exact = self.folder / self._wanted(stem, setting)
        if is_there(exact):
            return [exact]
        try:
            wanted = self._wanted(stem if stem == "*" else glob.escape(stem), setting)
            found = self.folder.glob(_single_stars(wanted, str(self.pattern)))
            return sorted(path for path in found if not leftover(path))
        except (OSError, RecursionError):  # no file can have such a name
            return []
        except ValueError as error:  # `a**` is no pattern to every Python
            raise BenchError(
                f"--pattern '{self.pattern}' is not understood ({error}): write * for what differs"
            ) from None

    def _folders(self, setting: Setting, settings: Settings) -> list[Path]:
        return [self.folder / setting.folder, *([self.folder] if len(settings) == 1 else [])]

    def _listed(self, clip: str, setting: Setting) -> Path:
        assert self.table is not None
        # A line that names no setting is of the only one (`check`).
        mine = [line for line in _lines(self.table) if line.setting in (None, setting)]
        alike = [line for line in mine if _composed(line.clip) == _composed(clip)]
        lines = [line for line in alike if line.clip == clip] or alike
        if not lines:
            raise PredictionError(f"clip '{clip}': {self.table.name} names no prediction under {setting}")
        if len(lines) > 1:
            raise PredictionError(f"clip '{clip}': two predictions under {setting}, {lines[1].where}: keep one")
        path = self.folder / lines[0].file
        if not is_there(path):
            raise PredictionError(f"clip '{clip}': '{path}', named by {lines[0].where}, is not there")
        return path


def _single_stars(wanted: str, pattern: str) -> str:
    """`wanted`, made of `pattern`, with one star where several meet: Python before 3.13 takes `a**` for a mistake."""
    parts = zip(pattern.split("/"), wanted.split("/"), strict=False)
    return "/".join(part if whole == "**" else re.sub(r"\*{2,}", "*", part) for whole, part in parts)


@dataclass(frozen=True, slots=True)
class _Line:
    clip: str
    file: str
    setting: Setting | None
    where: str


@lru_cache(maxsize=4)
def _lines(table: Path) -> tuple[_Line, ...]:
    """The lines of a list of predictions, read once."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            cells = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BenchError(
            f"the list of predictions '{table}' cannot be read ({error}): save it as CSV in UTF-8"
        ) from None
    if not cells or not {"clip", "file"} <= set(cells[0]):
        raise BenchError(f"the list of predictions '{table}' needs the columns clip and file")
    lines = []
    for number, cell in enumerate(cells, start=2):
        where = f"'{table}', line {number}"
        if not cell["clip"] or not cell["file"]:
            raise BenchError(f"{where}: a clip or a file is missing: fill it in")
        lines.append(_Line(cell["clip"], cell["file"], _setting(cell.get("setting"), where), where))
    return tuple(lines)


def _setting(text: str | None, where: str) -> Setting | None:
    try:
        return Setting.parse(text) if text else None
    except BenchError as error:
        raise BenchError(f"{where}: {error}") from None


def _videos(folder: Path) -> list[Path]:
    """Files that may be predictions; notes and sound beside them are none."""
    if not folder.is_dir():
        return []
    return videos_among(path for path in folder.iterdir() if not path.name.startswith("."))


def named(folder: Path, stem: str) -> list[Path]:
    """Videos `stem.*`, and a folder `stem`: of pictures, or of the one video that some models write there.

    Of names in two forms of accents the one written like `stem`.
    """
    found = [path for path in _videos(folder) if _composed(path.stem) == _composed(stem)]
    found = [path for path in found if path.stem == stem] or found
    inside = folder / stem
    return sorted([*found, _only_video(inside) or inside] if is_folder(inside) else found)


def _only_video(folder: Path) -> Path | None:
    """The one video of a folder that holds no pictures as frames; None where there is none, or several."""
    videos = _videos(folder)
    pictures = any(path.suffix.lower() in SUFFIXES for path in folder.iterdir())
    return videos[0] if len(videos) == 1 and not pictures else None


def _composed(name: str) -> str:
    """A name as most systems write it: some store an accent as a letter of its own."""
    return unicodedata.normalize("NFC", name)
