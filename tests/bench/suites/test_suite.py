import tomllib

import pytest

from bench.errors import BenchError
from bench.settings import Setting
from bench.suites import suite as suites
from bench.suites.from_paths import of_pairs, of_videos
from bench.suites.suite_file import SuiteFile

TOML = """
schema = 1
id = "small"
version = 3
title = "Two clips"
licence = "CC0-1.0"
settings = ["original", "free-view:30,10,0"]

[frames]
size = [128, 128]

[[clips]]
id = "one"
file = "one.mp4"
person = "ada"
views = { "free-view:30,10,0" = "one.view.mp4" }

[[clips]]
id = "two"
file = "two.mp4"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "small.toml").write_text(TOML)
    (tmp_path / "one.mp4").write_bytes(b"1")
    (tmp_path / "two.mp4").write_bytes(b"2")
    return tmp_path


def test_a_suite_reads_its_clips(folder):
    suite = suites.read(folder / "small.toml")
    assert [clip.id for clip in suite.clips] == ["one", "two"]
    assert suite.clips[0].person == "ada"
    assert suite.clips[0].views == {Setting(30, 10, 0): folder / "one.view.mp4"}
    assert (suite.size, suite.settings) == ((128, 128), (Setting(), Setting(30, 10, 0)))


def test_missing_clips_are_counted_not_dropped(folder):
    (folder / "two.mp4").unlink()
    suite = suites.read(folder / "small.toml")
    assert (suite.listed, len(suite.clips), suite.missing) == (2, 1, ("two",))


def test_a_suite_without_any_clip_names_the_remedy(folder):
    with pytest.raises(BenchError, match="--data"):
        suites.read(folder / "small.toml", data=folder / "nowhere")


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("licence", "license", "unknown key 'license': did you mean licence"),
        ('file = "two.mp4"', 'fil = "two.mp4"', "unknown key 'fil': did you mean file"),
        ('id = "two"', 'id = "one"', "two clips are called 'one'"),
        ("schema = 1", "schema = 2", "schema"),
        ('"original", ', '"orignal", ', "setting 'orignal'"),
        ("version = 3", "version = ", "cannot be read"),
    ],
)
def test_mistakes_in_the_file_are_named(folder, old, new, message):
    path = folder / "small.toml"
    path.write_text(TOML.replace(old, new, 1))
    with pytest.raises(BenchError, match=message):
        suites.read(path)


def test_a_suite_file_is_named_by_its_path(folder):
    (folder / "small.toml").rename(folder / "small.TOML")
    path = str(folder / "small.TOML")
    assert [clip.id for clip in suites.load(path).clips] == ["one", "two"]
    assert suites.written(path).id == "small"


def test_an_unknown_suite_lists_the_known_ones():
    with pytest.raises(BenchError, match="there is no suite 'dmeo'"):
        suites.load("dmeo")


def test_every_shipped_suite_file_is_valid():
    for name in suites.names():
        path = suites.FOLDER / f"{name}.toml"
        written = SuiteFile.read(tomllib.loads(path.read_text("utf-8")), where=name)
        assert written.id == name


def test_videos_are_called_after_their_files(tmp_path):
    for name in ("b.mp4", "a.mp4", "视频 测试.mp4", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    suite = of_videos([str(tmp_path / "*.mp4")])
    assert [clip.id for clip in suite.clips] == ["a", "b", "视频 测试"]


def test_a_folder_stands_for_its_videos(tmp_path):
    for name in ("a.mp4", "b.MKV", "notes.csv"):
        (tmp_path / name).write_bytes(b"x")
    assert [clip.id for clip in of_videos([str(tmp_path)]).clips] == ["a", "b"]


def test_equal_names_are_told_apart(tmp_path):
    (tmp_path / "x").mkdir()
    for path in (tmp_path / "a.mp4", tmp_path / "a.avi", tmp_path / "x" / "a.mp4"):
        path.write_bytes(b"x")
    identities = [clip.id for clip in of_videos([str(tmp_path / "**" / "a.*")]).clips]
    assert len(set(identities)) == 3
    assert "a.avi" in identities


def test_the_same_file_matched_twice_is_one_clip(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"x")
    assert len(of_videos([str(tmp_path / "*"), str(tmp_path / "a.mp4")]).clips) == 1


def test_names_with_glob_characters_are_found(tmp_path):
    path = tmp_path / "take [1].mp4"
    path.write_bytes(b"x")
    assert [clip.path for clip in of_videos([str(path)]).clips] == [path]


@pytest.mark.parametrize(
    "text, message",
    [
        ("source;driving\na.mp4;b.mp4\n", "nothing but a comma between them: they have 'source;driving'"),
        ("source\tdriving\na.mp4\tb.mp4\n", r"they have 'source\\tdriving'"),
        ("Source,Driving\na.mp4,b.mp4\n", "in small letters .* they have 'Source', 'Driving'"),
        ("source, driving\na.mp4, b.mp4\n", "they have 'source', ' driving'"),
        ("", "their first line is empty"),
        ("source,driving\n", "no pair"),
        ("source,driving\na.mp4\n", "line 2: the column driving is empty"),
        ("source,driving\n,b.mp4\n", "line 2: the column source is empty"),
        ("source,driving\n\n\na.mp4,b.mp4\n\na.mp4,gone.mp4\n", "line 6, column driving: '.*gone.mp4' is not a file"),
    ],
)
def test_mistakes_in_pairs_are_named(tmp_path, text, message):
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(BenchError, match=message):
        of_pairs(tmp_path / "pairs.csv")


def test_a_pattern_without_a_match_is_a_mistake(tmp_path):
    with pytest.raises(BenchError, match="matches no file"):
        of_videos([str(tmp_path / "*.mp4")])
