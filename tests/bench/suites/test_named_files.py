"""Everything that is named is counted: it is a clip, or left out with the reason."""

import os
import unicodedata

import pytest

from bench.commands.main import main
from bench.errors import BenchError
from bench.files.leftovers import leftover
from bench.results.run_folder import read_manifest
from bench.suites.from_paths import of_pairs, of_videos
from tests.films import portrait_film


def reasons(suite, folder):
    return {one.name.removeprefix(f"{folder}{os.sep}"): one.reason for one in suite.left_out}


def adds_up(suite, count):
    assert suite.listed == len(suite.clips) + len(suite.missing) + len(suite.left_out) == count
    return [clip.id for clip in suite.clips]


@pytest.fixture
def five(tmp_path):
    """Five names, two of them links to one file and one broken."""
    folder, real = tmp_path / "five", tmp_path / "real.mp4"
    folder.mkdir()
    for path in (real, folder / "b.mp4", folder / "c.mp4"):
        path.write_bytes(path.name.encode())
    for name, target in (("x", real), ("y", real), ("z", "/nowhere.mp4")):
        (folder / f"{name}.mp4").symlink_to(target)
    return folder


def test_five_names(five):
    expected = {
        "y.mp4": f"the same file as '{five / 'x.mp4'}'",
        "z.mp4": "a link to '/nowhere.mp4', which is not there",
    }
    for patterns in (
        [str(five)],
        [str(five / "*.mp4")],
        [str(five / "**" / "*")],
        [str(path) for path in sorted(five.iterdir())],
    ):
        suite = of_videos(patterns)
        assert adds_up(suite, 5) == ["b", "c", "x"]
        assert reasons(suite, five) == expected


def test_a_file_is_taken_under_its_own_name_and_once(five):
    (five / "a.mp4").symlink_to(five / "b.mp4")
    os.link(five / "c.mp4", five / "d.mp4")
    suite = of_videos([str(five), str(five / "b.mp4"), os.path.relpath(five / "c.mp4")])
    assert adds_up(suite, 9) == ["b", "c", "x"]
    assert [(one.name, one.reason) for one in suite.left_out[-2:]] == [
        (str(five / "b.mp4"), "named twice"),
        (os.path.relpath(five / "c.mp4"), "named twice"),
    ]
    assert reasons(suite, five)["a.mp4"] == f"the same file as '{five / 'b.mp4'}'"
    assert reasons(suite, five)["d.mp4"] == f"the same file as '{five / 'c.mp4'}'"


LEFT = {
    "._clip.mp4": "macOS's notes on another file, no video",
    "._gone.mov": "macOS's notes on another file, no video",
    ".DS_Store": "left by macOS, no video",
    "Thumbs.db": "left by Windows, no video",
    "desktop.ini": "left by Windows, no video",
    "film.mp4.part": "an unfinished download",
    "film.f137.mp4.PART-Frag12": "an unfinished download",
    "Unconfirmed 12.crdownload": "an unfinished download",
    ".film.mp4.aB3dE6": "an unfinished download",
}


@pytest.fixture
def littered(tmp_path):
    """One video, and what systems leave beside it."""
    folder = tmp_path / "littered"
    (folder / "@eaDir").mkdir(parents=True)
    (folder / "@eaDir" / "clip.mp4").write_bytes(b"thumbnail")
    (folder / "clip.mp4").write_bytes(b"film")
    for name in LEFT:
        (folder / name).write_bytes(bytes.fromhex("00051607") + b"notes")
    return folder


def test_what_other_systems_leave_is_left_out_and_counted(littered):
    suite = of_videos([str(littered)])
    assert adds_up(suite, 2 + len(LEFT)) == ["clip"]
    assert reasons(suite, littered) == {**LEFT, "@eaDir": "left by a network drive, no video"}
    assert suite.beside == {}
    shown = {name: why for name, why in LEFT.items() if not name.startswith(".")}  # as in any shell
    by_pattern = of_videos([str(littered / "*")])
    assert adds_up(by_pattern, 2 + len(shown)) == ["clip"]
    by_shell = of_videos([str(path) for path in littered.iterdir()])
    assert adds_up(by_shell, 2 + len(LEFT)) == ["clip"]
    deep = of_videos([str(littered / "**" / "*.mp4")])
    assert adds_up(deep, 2) == ["clip"]
    assert reasons(deep, littered) == {"@eaDir/clip.mp4": "left by a network drive, no video"}


@pytest.mark.parametrize("name", [".clip.mp4", "._film.mp4", "part.mp4", "a.download.mp4", "Thumbs.db.mp4", ".a.mp4"])
def test_what_only_looks_like_that_is_a_clip(tmp_path, name):
    (tmp_path / name).write_bytes(b"film")
    assert leftover(tmp_path / name) == ""
    assert adds_up(of_videos([str(tmp_path)]), 1) == [name.removesuffix(".mp4")]


def test_other_files_of_a_folder_are_told_by_their_kind(tmp_path):
    for name in ("a.mp4", "a.gif", "b.webp", "c.gif", "a.wav", "b.wav", "notes", "empty.avi"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "more.mp4").mkdir()
    (tmp_path / "deeper").mkdir()
    suite = of_videos([str(tmp_path)])
    assert adds_up(suite, 6) == ["a", "c", "empty"]  # an empty file is a clip that fails
    assert reasons(suite, tmp_path) == {
        "a.gif": "an animation of 'a.mp4', by its name",
        "b.webp": "a still picture",
        "more.mp4": "a folder, no file",
    }
    assert suite.beside == {".wav": 2, "folder": 1, "without suffix": 1}
    by_pattern = reasons(of_videos([str(tmp_path / "*")]), tmp_path)
    assert by_pattern["deeper"] == "a folder: name it by itself for the videos in it"


def test_where_nothing_is_left_the_reason_is_the_mistake(five, littered, tmp_path):
    for patterns, expected in (
        (
            [str(five / "z.mp4")],
            r"--videos names no video: '.*z\.mp4' is a link to '/nowhere\.mp4', which is not there",
        ),
        ([str(littered / "*.part"), str(littered / "T*")], "is an unfinished download .* 1 more"),
        ([str(littered / "@eaDir")], "is left by a network drive"),
    ):
        with pytest.raises(BenchError, match=expected):
            of_videos(patterns)
    table = tmp_path / "pairs.csv"
    table.write_text(f"source,driving\n{five / 'b.mp4'},{five / 'z.mp4'}\n")
    with pytest.raises(
        BenchError, match=r"line 2, column driving: '.*z\.mp4' is a link to '/nowhere\.mp4', which is not"
    ):
        of_pairs(table)


def test_the_run_tells_all_of_it(tmp_path, capsys):
    films, out = tmp_path / "films", tmp_path / "run"
    portrait_film(films / "b.mp4", count=3)
    portrait_film(tmp_path / "real.mp4", count=3, seed=1)
    (films / "copy.mp4").write_bytes((films / "b.mp4").read_bytes())
    composed, decomposed = (unicodedata.normalize(form, "é.mp4") for form in ("NFC", "NFD"))
    (films / composed).write_bytes((tmp_path / "real.mp4").read_bytes())
    portrait_film(films / decomposed, count=3, seed=2)
    portrait_film(films / "B.mp4", count=3, seed=3)
    for name, target in (("x", "../real.mp4"), ("y", "../real.mp4"), ("z", "/nowhere.mp4")):
        (films / f"{name}.mp4").symlink_to(target)
    (films / ".DS_Store").write_bytes(b"")
    (films / "notes.txt").write_bytes(b"")
    words = ["--videos", str(films), "--metrics", "l1", "--size", "64", "--video-codec", "none"]
    assert main([*words, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "6 clips of 9 listed" in said
    assert f"left out  {films / 'y.mp4'}: the same file as '{films / 'x.mp4'}'" in said
    assert main([*words, "--out", str(out)]) == 0
    suite = read_manifest(out).suite
    assert (suite.listed, suite.present, suite.selected, len(suite.left_out)) == (9, 6, 6, 3)
    told = (out / "table.md").read_text("utf-8").replace("\\", "")
    for line in (
        "videos · static · 6 clips of 9 named",
        f"left out: '{films / '.DS_Store'}': left by macOS, no video",
        f"left out: '{films / 'z.mp4'}': a link to '/nowhere.mp4', which is not there",
        "beside the videos in the named folders, and not looked at: 1 .txt",
        "clips 'b', 'copy' are one video, which counts 2 times in every mean",
        "clips 'B', 'b' differ in capitals or forms of accents only",
        f"clips '{decomposed[:-4]}', '{composed[:-4]}' differ in capitals or forms of accents only",
    ):
        assert line in told
