"""What the fuzz run once found, again: every input is refused in a sentence or read, and nothing else happens.

A find is a reader and its input: a few lines of text, a recipe, or a file under `tests/data/fuzz` named after it.
"""

import contextlib
import shutil
import struct

import pytest
from PIL import Image

from bench.errors import BenchError
from bench.gate import baseline
from bench.media.audio_reader import read_audio
from bench.media.image import read_source, transparency
from bench.media.image_folder import PictureFolder
from bench.media.video_reader import VideoReader
from bench.report.alarms import _mean_poses
from bench.report.page.frame_data import clip_curves
from bench.results import run_folder
from bench.results.run_folder import read_frames
from bench.results.run_results import Run, load
from bench.settings import Setting
from bench.suites import from_paths, published_numbers, suite
from bench.suites.digests import clip_digests
from bench.suites.lists import hdtf, talkinghead_1kh, voxceleb, voxceleb2
from bench.weights.content import complaint
from bench.weights.state_dicts import load_tensors
from benchmarks.fuzz.judge import Watch, judge
from benchmarks.fuzz.texts import SUITE
from model.outside.predictions import Predictions
from tests.bench.report.runs import make_run
from tests.material import DATA

FILES = sorted((DATA / "fuzz").iterdir())
ORIGINAL = (Setting(),)
DIGITS, LONG, HALF = "9" * 5000, "a" * 5000, r"\ud800\udcff"
DEEP = "[" * 100_000 + "]" * 100_000
VOX = "video_id,start,end,bbox,fps,width,height,partition,person_id\n"
PUBLISHED = "method,setting,clip,metric,label,value,protocol,source,where\n"
TRACK = "Identity : \tid1\nReference : \tx\n\nFRAME X Y W H\n"


def suites(path):
    """As a run begins: clips found, their files digested."""
    clip_digests(suite.read(path, data=path.parent).clips)


def boxes(read):
    """What `prepare` asks of a list."""

    def ask(path):
        for clip in read(path):
            clip.box.within(640, 360)
            clip.span.seconds(25.0)

    return ask


def wrong_suite(old, new):
    assert old in SUITE
    return SUITE.replace(old, new)


TEXTS = {
    "a number of thousands of digits in a suite": (suites, wrong_suite("version = 3", f"version = {DIGITS}")),
    "tables in tables of a suite": (suites, wrong_suite("version = 3", f"version = {DEEP}")),
    "a longer file name than there can be in a suite": (suites, wrong_suite('"one.mp4"', f'"{LONG}"')),
    "a view that has no end": (suites, wrong_suite('"one.view.mp4"', '"/dev/zero"')),
    "a longer file name than there can be in pairs": (from_paths.of_pairs, f"source,driving\n{LONG},b\n"),
    "a name of two lines in pairs": (from_paths.of_pairs, 'source,driving\n"a\nb",b\n'),
    "a terminal's commands in pairs": (from_paths.of_pairs, "source,driving\n\x1b[31mred,b\n"),
    "columns of thousands of letters in pairs": (from_paths.of_pairs, f"{LONG}\nb\n"),
    "published numbers with too few cells": ("published", PUBLISHED + "m\n"),
    "published numbers with a column of their own": ("published", f"{LONG}\x08,{PUBLISHED}1,2,3,4,5,6,7,8,9,10\n"),
    "VoxCeleb: beyond all numbers": (boxes(voxceleb.read), f"{VOX}a,0,{DIGITS},0-0-9-9,25,64,64,test,p\n"),
    "VoxCeleb: no frames a second": (boxes(voxceleb.read), f"{VOX}a,0,9,0-0-9-9,0,64,64,test,p\n"),
    "VoxCeleb: a field that never ends": (boxes(voxceleb.read), f'{VOX}"{LONG * 30}'),
    "TalkingHead-1KH: beyond all numbers": (boxes(talkinghead_1kh.read), f"a,720,1280,10,20,1{'0' * 400},0,9,9\n"),
    "VoxCeleb2: no number": ("track", f"{TRACK}000001 nan 0.2 0.3 0.4\n"),
    "VoxCeleb2: no end": ("track", f"{TRACK}000001 0.1 inf 0.3 0.4\n"),
    "VoxCeleb2: beyond all numbers": ("track", f"{TRACK}{DIGITS} 0.1 0.2 0.3 0.4\n"),
    "HDTF: beyond all numbers": ("hdtf", f"Radio1.mp4 {DIGITS}\n"),
    "HDTF: a digit that is no number": ("hdtf", "Radio1.mp4 ²\n"),
    "run.json: thousands of digits": ("run.json", f'{{"schema_version": {DIGITS}}}'),
    "run.json: too deep": ("run.json", DEEP),
    "run.json: halves of characters": ("run.json", f'{{"{HALF}": 1}}'),
    "run.json: a key of two lines": ("run.json", r'{"\n": 1}'),
    "run.json: a key of thousands of letters": ("run.json", f'{{"{LONG}": 1}}'),
    "baseline: thousands of digits": (baseline.read_side, f'{{"values": {DIGITS}}}'),
    "baseline: too deep": (baseline.read_side, DEEP),
    "baseline: halves of characters": (baseline.read_side, f'{{"values": {{"a": {{"b": {{"c": "{HALF}"}}}}}}}}'),
    "summary.csv: text where a count is": ("summary.csv", "infinite_frames"),
    "summary.csv: an infinite count": ("summary.csv", "frames"),
}


def reading(name, path, text):
    """What reads a text, put where it is looked for."""
    path.write_text(text, encoding="utf-8", newline="")
    if name == "published":
        path.rename(path.with_name("toy.published.csv"))
        return lambda: published_numbers.read("toy", folder=path.parent)
    if name == "track":
        path.rename(path.with_suffix(".txt"))
        return lambda: boxes(voxceleb2.read)(path.parent)
    if name == "hdtf":
        (path.parent / "RD_annotion_time.txt").write_text("Radio1.mp4 00:10-00:20\n")
        (path.parent / "RD_crop_wh.txt").write_text("Radio1_0.mp4 10 200 20 200\n")
        path.rename(path.parent / "RD_resolution.txt")
        return lambda: hdtf.read(path.parent, groups=("RD",))
    if name == "run.json":
        path.rename(path.with_name("run.json"))
        return lambda: run_folder.read_manifest(path.parent)
    if name == "summary.csv":
        run = make_run(path.parent / "run", clips=("anna_1",), metrics=("psnr",))
        head, first, *rest = (run / name).read_text().splitlines()
        cells = first.split(",")
        cells[head.split(",").index(text)] = "many" if text == "infinite_frames" else "inf"
        (run / name).write_text("\n".join([head, ",".join(cells), *rest]))
        return lambda: load([run])[0].summary
    return lambda: name(path)


def told(thunk):
    result = judge(thunk, Watch(()), megabytes=300)
    assert result.verdict != "find", f"{result.sign}\n{result.told}"
    return result


@pytest.mark.parametrize("name", TEXTS)
def test_texts(tmp_path, name):
    reader, text = TEXTS[name]
    result = told(reading(reader, tmp_path / ("a.json" if reader is baseline.read_side else "a"), text))
    assert result.verdict == "refused" or name == "a view that has no end"


def frames(path):
    """Every way in which a run's frames are read."""
    folder = path.parent / path.stem
    folder.mkdir()
    path.rename(folder / "frames.parquet")
    for read in (
        lambda: read_frames(folder),
        lambda: read_frames(folder, clip="anna_1"),
        lambda: list(clip_curves(folder)),
        lambda: _mean_poses(Run(folder, "run", None)),
    ):
        told(read)


def film(path):
    """To its end, with its sound."""
    with contextlib.suppress(BenchError), VideoReader(path, size=(16, 16)) as reader:
        list(reader)
    read_audio(path)


def pictures(path):
    """As a source, and as a frame."""
    with contextlib.suppress(BenchError):
        read_source(path, size=(16, 16))
    transparency(path)
    list(PictureFolder(path.parent, 25.0))


READERS = {
    ".zip": lambda path: (complaint(path), load_tensors(path)),
    ".parquet": frames,
    ".ts": film,
    ".png": pictures,
    ".tif": pictures,
}


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_files(path, tmp_path):
    copy = tmp_path / path.name
    shutil.copyfile(path, copy)
    told(lambda: READERS[path.suffix](copy))


def test_weights_that_say_to_be_larger_than_any_number(tmp_path):
    path = tmp_path / "a.safetensors"
    head = f'{{"a": {{"dtype": "F32", "shape": [1], "data_offsets": [0, 1{"0" * 400}]}}}}'.encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head)
    assert told(lambda: (complaint(path), load_tensors(path))).verdict == "refused"


@pytest.mark.parametrize("name", ["{id}**.mp4", "\0{id}", f"{LONG}{{id}}", "*\ud800{id}", "\x1b]0;{id}\x07"])
def test_patterns(tmp_path, name):
    assert told(lambda: Predictions(tmp_path, name).find("a\nb\ud800", Setting(), ORIGINAL)).verdict == "refused"
    assert told(lambda: from_paths.of_videos([f"{tmp_path}/{name}"])).verdict == "refused"


def test_a_pattern_with_more_folders_than_python_goes_down(tmp_path):
    assert told(lambda: from_paths.of_videos([f"{tmp_path}/{'*/' * 3000}"])).verdict == "refused"


@pytest.mark.parametrize(("width", "height"), [(65535, 20), (16000, 16000)])
def test_pictures_that_say_to_be_larger_than_any_that_are_filmed(tmp_path, width, height):
    path = tmp_path / "a.gif"
    path.write_bytes(
        b"GIF89a"
        + struct.pack("<HH", width, height)
        + b"\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
    )
    assert "that its pictures are" in told(lambda: list(VideoReader(path))).told
    Image.new("L", (20000, 10)).save(tmp_path / "b.png")
    assert "that its pictures are 20000x10" in told(lambda: read_source(tmp_path / "b.png", size=(16, 16))).told


def test_a_clip_that_stands_twice_in_a_table_is_damage(tmp_path):
    run = make_run(tmp_path / "run", clips=("anna_1",), metrics=("psnr",))
    with (run / "clips.csv").open("a") as table:
        table.write((run / "clips.csv").read_text().splitlines()[1] + "\n")
    assert "stood before" in told(lambda: load([run])).told
