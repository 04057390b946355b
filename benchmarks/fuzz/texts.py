"""Readers of texts that people write: suites, pairs, lists, published numbers, options."""

import json
import tomllib
from pathlib import Path
from random import Random

from benchmarks.fuzz import hostile, mutate
from benchmarks.fuzz.documents import to_json, to_toml
from benchmarks.fuzz.reader import Case, Reader, Thunk

SUITE = """
schema = 1
id = "small"
version = 3
title = "Two clips"
licence = "CC0-1.0"
how_to_get = "from its site"
settings = ["original", "free-view:30,10,0"]
frames = { size = [128, 128], fps = 25.0 }
prepared = { version = 1, size = [64, 64], kernel = "skimage-antialias-linear", fps = 25.0, crop = "face", codec = "ffv1" }
clips = [
  { id = "one", file = "one.mp4", person = "ada", truth = "one.npz", views = { "free-view:30,10,0" = "one.view.mp4" } },
  { id = "two", file = "two.mp4" },
]
"""
VIDEOS = ("one.mp4", "two.mp4", "one.view.mp4", "three.mkv", "é.mp4")
PAIRS = [["source", "driving", "id"], ["one.mp4", "two.mp4", "a"], ["two.mp4", "three.mkv", "b"]]
PREDICTED = [
    ["clip", "file", "setting"], ["one", "one.mp4", "original"], ["two", "two.mp4", "original"],
    ["one", "three.mkv", "free-view:30,10,0"],
]  # fmt: skip
PUBLISHED = [
    ["method", "setting", "clip", "metric", "label", "value", "protocol", "source", "where"],
    ["m", "original", "jae", "fid", "FID", "36.6", "per clip", "report", "table"],
    ["m", "free-view:30,10,0", "", "psnr", "PSNR", "21", "per clip", "report", "table"],
]
VOX = [
    ["video_id", "start", "end", "bbox", "fps", "width", "height", "partition", "person_id"],
    ["abc", "0", "250", "10-20-200-210", "25", "640", "360", "test", "id1"],
    ["abd", "30", "99", "0-0-640-360", "30", "640", "360", "test", "id2"],
]
TRACK = "Identity  : \tid00017\nReference : \t01dfn2spqyE\nOffset : \t1\nFV Conf : \t20.1\n\nFRAME X Y W H\n" + "".join(
    f"{frame:06d} 0.{frame + 100} 0.2 0.3 0.4 \n" for frame in range(12)
)
TUBES = "abc,720,1280,10,200,100,50,600,550\nabd.mp4,360,640,0,99,0,0,200,200\n"
HDTF = {
    "annotion_time": "Radio1.mp4 00:10-00:20 01:00-01:30\n",
    "crop_wh": "Radio1_0.mp4 10 200 20 200\nRadio1_1.mp4 0 100 0 100\n",
    "resolution": "Radio1.mp4 720\n",
    "video_url": "Radio1 https://example.org\n",
    "crop_ratio": "Radio1 1\n",
}
OPTIONS = (
    "original", "free-view:30,10,0", "free-view:-12.5,-,0@relative", "psnr:-0.1", "lpips:+2%", "lse_c@original:-0.2",
    "{id}.mp4", "{setting}/{id}*.mp4", "*.mp4", "one.mp4", ".", "**/*.mkv", "[a-z]*.mp4",
)  # fmt: skip


def text_of(document: str, table: list[list[str]] | None, random: Random) -> bytes:
    """One hostile form of a text, which may be a table."""
    kind = random.randrange(4)
    if kind == 0:
        return mutate.raw(document.encode(), random, (SUITE.encode(), TRACK.encode()))
    if table is not None and kind < 3:
        return mutate.encoded(mutate.to_csv(mutate.cells(table, random), random), random)
    return mutate.encoded(mutate.lines(document, random), random)


def csv_of(table: list[list[str]]) -> str:
    """A table as it should be."""
    return "\n".join(",".join(row) for row in table) + "\n"


def suite(home: Path) -> Case:
    from bench.file_names import file_name
    from bench.files.toml import to_toml as written
    from bench.suites import suite as suites
    from bench.suites.digests import clip_digests

    _videos(home)
    document = tomllib.loads(SUITE)

    def case(random: Random, folder: Path) -> Thunk:
        path = folder / "suite.toml"
        if random.random() < 0.7:
            path.write_bytes(mutate.encoded(to_toml(mutate.tree(document, random)), random))
        else:
            path.write_bytes(text_of(SUITE, None, random))

        def read() -> None:
            found = suites.read(path, data=home)
            names = [file_name(clip.id) for clip in found.clips]
            assert all("/" not in name and name not in ("", ".", "..") for name in names)
            clip_digests(found.clips)
            tomllib.loads(written({"clips": [{"id": clip.id} for clip in found.clips]}))

        return read

    return case


def pairs(home: Path) -> Case:
    from bench.suites import from_paths

    def case(random: Random, folder: Path) -> Thunk:
        path = folder / "pairs.csv"
        _videos(folder)
        path.write_bytes(text_of(csv_of(PAIRS), PAIRS, random))
        return lambda: from_paths.of_pairs(path)

    return case


def lists(home: Path) -> Case:
    from bench.suites.lists import hdtf, talkinghead_1kh, voxceleb, voxceleb2

    def case(random: Random, folder: Path) -> Thunk:
        kind = random.randrange(4)
        path = folder / "list.txt"
        if kind == 0:
            path.write_bytes(text_of(csv_of(VOX), VOX, random))
            found = lambda: voxceleb.read(path, partition=None)  # noqa: E731
        elif kind == 1:
            path.write_bytes(text_of(TRACK, None, random))
            found = lambda: voxceleb2.read(folder)  # noqa: E731
        elif kind == 2:
            path.write_bytes(text_of(TUBES, [row.split(",") for row in TUBES.splitlines()], random))
            found = lambda: talkinghead_1kh.read(path)  # noqa: E731
        else:
            chosen = random.choice(list(HDTF)[:3])
            for name, text in HDTF.items():
                content = text_of(text, None, random) if name == chosen else text.encode()
                (folder / f"RD_{name}.txt").write_bytes(content)
            found = lambda: hdtf.read(folder, groups=("RD",))  # noqa: E731

        def read() -> None:
            for clip in found():
                if clip.box is not None:
                    clip.box.within(640, 360)
                if clip.span is not None:
                    clip.span.seconds(25.0)

        return read

    return case


def published(home: Path) -> Case:
    from bench.suites import published_numbers

    def case(random: Random, folder: Path) -> Thunk:
        (folder / "toy.published.csv").write_bytes(text_of(csv_of(PUBLISHED), PUBLISHED, random))
        return lambda: published_numbers.read("toy", folder=folder)

    return case


def predictions(home: Path) -> Case:
    from bench.settings import Setting
    from model.outside.predictions import Predictions, _lines

    _videos(home)
    settings = (Setting(), Setting(30, 10, 0))

    def case(random: Random, folder: Path) -> Thunk:
        table = folder / "list.csv"
        table.write_bytes(text_of(csv_of(PREDICTED), PREDICTED, random))
        pattern = mutate.word(random.choice(("{id}.mp4", "{setting}/{id}*.mp4", "*{id}*")), random)
        how = Predictions(home, table=table) if random.random() < 0.7 else Predictions(home, pattern)
        clip = random.choice(("one", "two")) if random.random() < 0.8 else random.choice(hostile.TEXTS)
        few = settings[: random.choice((1, 2))]

        def read() -> None:
            _lines.cache_clear()
            how.check(few)
            how.extra({"one", clip}, few)
            how.find(clip, few[0], few)

        return read

    return case


def options(home: Path) -> Case:
    from bench.gate.tolerances import Tolerances
    from bench.rows import Row
    from bench.settings import Setting
    from bench.suites import from_paths

    _videos(home)
    directions = {"psnr": "higher", "lpips": "lower", "lse_c": "higher"}

    def case(random: Random, folder: Path) -> Thunk:
        text = mutate.word(random.choice(OPTIONS), random) if random.random() < 0.8 else random.choice(hostile.TEXTS)
        kind = random.randrange(4)
        return (
            lambda: str(Setting.parse(text)),
            lambda: Row.parse(text).folder,
            lambda: Tolerances.parse([text], directions, settings=["original"]),  # type: ignore[arg-type]
            lambda: from_paths.of_videos([text if text.startswith(("/", "~")) else f"{home}/{text}"]),
        )[kind]

    return case


def holder(home: Path) -> Case:
    from bench.run.claim import _holder

    def case(random: Random, folder: Path) -> Thunk:
        text = json.dumps({"host": "node", "pid": 12, "since": "2026-01-01T00:00:00+00:00"})
        changed = mutate.encoded(to_json(mutate.tree(json.loads(text), random)), random)
        (folder / ".lock.json").write_bytes(changed if random.random() < 0.5 else text_of(text, None, random))
        return lambda: _holder(folder)

    return case


def _videos(folder: Path) -> None:
    for name in VIDEOS:
        (folder / name).write_bytes(b"0")


READERS = (
    Reader("suite file", suite, share=1.2),
    Reader("pairs", pairs, share=0.8),
    Reader("published lists", lists, share=1.2),
    Reader("published numbers", published, share=1.2),
    Reader("predictions list and pattern", predictions, share=1.2),
    Reader("settings, tolerances, patterns", options, share=2.0),
    Reader("holder of a run folder", holder, share=0.8),
)
