"""HDTF's text files: spans of seconds and crops of three groups of interviews and speeches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bench.errors import BenchError
from bench.suites.lists.listed import Listed, ListedBox, Span, read_text, whole, wrong_line

GROUPS = ("RD", "WDA", "WRA")
KINDS = ("annotion_time", "crop_wh", "resolution", "video_url", "crop_ratio")
WHAT = "the files of HDTF_dataset/ of github.com/MRzzm/HDTF (lists: CC BY 4.0)"
URL = "https://raw.githubusercontent.com/MRzzm/HDTF/bbde889bbab9/HDTF_dataset/{group}_{kind}.txt"
SHA256 = {
    "RD_annotion_time.txt": "6e0e3b8139697d64ce92f252c9eb62d268b9262c628682803b9aed282f2068a7",
    "RD_crop_ratio.txt": "4d40ce76731d2796f5415fcbba4a173551d634cbcca49862cfaac9cd8a2c6370",
    "RD_crop_wh.txt": "5887006297bc96b91af5f2dae51ffc2f46816dcf1018325666fda756dabeb6f6",
    "RD_resolution.txt": "b4797a0fada19918ffef4f39447675fe1187f48d1292955ecfb7e7754092e384",
    "RD_video_url.txt": "ae197ad34dc155082897637db41a298fe19fa937df4bfdc1b6aad021fcf2418e",
    "WDA_annotion_time.txt": "b7fb834e95918d6e87deb7afc9da8dc1c1c17ab454dc33887fe16fe945586f61",
    "WDA_crop_ratio.txt": "0445c39a50b264636f5c04ea236e53aea17afdbed9c48b516bc04e94ae42736a",
    "WDA_crop_wh.txt": "3a2c1ba0255e05ec4a3d2a47180f16b0eba1e60976ee146d0162b872e473e151",
    "WDA_resolution.txt": "b9dbc35320b09b57771ec79c1aedc3624bda872c51390232631cce3444e0c10d",
    "WDA_video_url.txt": "a8cee0c92ac59f27fead5a2e6a5387beadcca8b80134f7dcb433f18f1ee86586",
    "WRA_annotion_time.txt": "7a49a55a841a45ab41cd1ff64f18bb83e79fa5799d1178d3ca36490eed54f1ed",
    "WRA_crop_ratio.txt": "a4ff43641aca3435bc5cfb34d1038c735afcad1557442bd4a600c6dddf8688d0",
    "WRA_crop_wh.txt": "fd08b34596f0b5d3df7859bac7f4fd339aaf35b466ee018b3fdb8feab75838f2",
    "WRA_resolution.txt": "10108707a870259fde4f404eb3ab1617bbece3bbb8a176eb1120db1c7d3d9fc5",
    "WRA_video_url.txt": "04fd736a4c312a25309071d4b9e55c1989de5e3f37d2e54081c8bfc4dad84def",
}
_TIMES = re.compile(r"(\d{1,9}):(\d\d)-(\d{1,9}):(\d\d)")
_PERSON = re.compile(r"\d+$")


def read(folder: Path, *, groups: tuple[str, ...] = GROUPS) -> list[Listed]:
    """The clips that have a crop, called `GROUP_Name_index`, in the order of `crop_wh`.

    Clip `Name_i` is the i-th span of its video. Crops are x, width, y, height at the height that `resolution` lists; a
    listed height of 0 stands for the video's own. (Three published crops reach below their listed height.)
    `person` is the name without its number, except in RD, whose names say only the order of the interviews.

    Raises:
        BenchError: a file is missing or has a line of another format, or a clip has no span or resolution.
    """
    return [clip for group in groups for clip in _group(folder, group)]


def _group(folder: Path, group: str) -> Iterator[Listed]:
    spans = _spans(folder / f"{group}_annotion_time.txt")
    heights = _heights(folder / f"{group}_resolution.txt")
    path = folder / f"{group}_crop_wh.txt"
    for number, line in _lines(path):
        words = line.split()
        name, _, index = words[0].removesuffix(".mp4").rpartition("_")
        try:
            x, width, y, height = (whole(word) for word in words[1:])
            span = spans[name][whole(index)]
            full = heights[name]
        except ValueError:
            raise wrong_line(path, number, line, "NAME_INDEX.mp4 x width y height") from None
        except (KeyError, IndexError):
            raise BenchError(f"{path}, line {number}: '{words[0]}' has no span or no resolution: get {WHAT}") from None
        yield Listed(
            id=f"{group}_{name}_{index}",
            video=name,
            span=span,
            box=ListedBox(x, y, x + width, y + height, None, full or None),
            person=None if group == "RD" else _PERSON.sub("", name),
        )


def _spans(path: Path) -> dict[str, list[Span]]:
    """`Name.mp4 mm:ss-mm:ss …` → the spans of every video, in seconds."""
    spans = {}
    for number, line in _lines(path):
        name, *times = line.split()
        matches = [_TIMES.fullmatch(text) for text in times]
        if not times or not all(matches):
            raise wrong_line(path, number, line, "NAME.mp4 mm:ss-mm:ss …")
        edges = [[int(part) for part in match.groups()] for match in matches if match]
        spans[name.removesuffix(".mp4")] = [Span(60 * a + b, 60 * c + d, 1) for a, b, c, d in edges]
    return spans


def _heights(path: Path) -> dict[str, int]:
    heights = {}
    for number, line in _lines(path):
        words = line.split()
        try:
            name, height = words
            heights[name.removesuffix(".mp4")] = whole(height)
        except ValueError:
            raise wrong_line(path, number, line, "NAME.mp4 height") from None
    return heights


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; empty ones are left out, and the last may lack its end."""
    for number, line in enumerate(read_text(path, WHAT).splitlines(), start=1):
        if line.strip():
            yield number, line.strip()
