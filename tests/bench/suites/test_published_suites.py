"""The suites whose clips a published list names."""

import shutil

import pytest

from bench.commands.prepare import main as prepare
from bench.errors import BenchError
from bench.file_names import file_name
from bench.suites import suite as suites
from bench.suites.lists import catalogue
from bench.suites.recipe import Recipe
from tests.bench.footage import pictures, write
from tests.material import SHARED, needs

LISTS = SHARED / "lists"


@pytest.fixture
def voxceleb(tmp_path):
    shutil.copy(LISTS / "vox-metadata.csv", tmp_path)
    return tmp_path


@pytest.mark.shared
@needs(LISTS / "vox-metadata.csv")
def test_voxceleb_counts_what_is_missing_of_its_525_clips(voxceleb):
    for name in ("clips/id10280#NXjT3732Ekg#001093#001192.mkv", "id10280#XiKRlssBw2M#000330#001148.mp4"):
        (voxceleb / name).parent.mkdir(exist_ok=True)
        (voxceleb / name).write_bytes(b"x")
    suite = suites.load("voxceleb", data=voxceleb)
    assert suite.listed == 525
    assert len(suite.clips) + len(suite.missing) == 525
    assert [clip.person for clip in suite.clips] == ["id10280", "id10280"]


@pytest.mark.shared
@needs(LISTS / "vox-metadata.csv")
def test_coverage_is_what_is_left_of_a_list(voxceleb):
    clips = catalogue.clips("voxceleb", folder=voxceleb)
    for clip in clips[11:]:
        (voxceleb / f"{file_name(clip.id)}.mp4").write_bytes(b"x")
    suite = suites.load("voxceleb", data=voxceleb)
    assert (len(suite.clips), suite.listed) == (514, 525)
    assert suite.missing == tuple(clip.id for clip in clips[:11])


TRACK = "Identity : \tid1\nReference : \tvideo\nOffset : \t0\n\nFRAME \tX \tY \tW \tH \n" + "".join(
    f"{number:06d} \t0.2 \t0.2 \t0.5 \t0.5 \n" for number in range(2, 12)
)


@pytest.mark.parametrize(
    "name, list_file, text, clip, frames",
    [
        ("talkinghead-1kh", "talkinghead-1kh.txt", "video,64,96,2,11,0,0,64,64\nlost,64,96,0,9,0,0,64,64\n",
         "video_S2_E11_L0_T0_R64_B64", 10),
        ("voxceleb2", "voxceleb2/id1/video/00001.txt", TRACK, "id1#video#00001", 10),
    ],
)  # fmt: skip
def test_a_list_put_in_place_is_prepared_and_found_again(tmp_path, name, list_file, text, clip, frames):
    raw, data = tmp_path / "raw", tmp_path / "data"
    raw.mkdir()
    write(raw / "video.mp4", pictures(20))
    (data / list_file).parent.mkdir(parents=True)
    (data / list_file).write_text(text)
    assert prepare(["--suite", name, "--raw", str(raw), "--data", str(data), "--size", "32"]) == 0
    suite = suites.load(name, data=data)
    assert [found.id for found in suite.clips] == [clip]
    assert suite.listed == text.count("video,") + text.count("lost,") + (name == "voxceleb2")
    assert suite.prepared == Recipe(size=(32, 32), crop="listed")
    assert suite.size == (32, 32)
    report = (data / "report.csv").read_text()
    assert f",{frames}," in next(line for line in report.splitlines() if line.startswith(clip))


@pytest.mark.parametrize("name", ["voxceleb", "voxceleb2", "hdtf", "talkinghead-1kh"])
def test_without_data_the_suite_says_how_to_get_it(name):
    with pytest.raises(BenchError, match=r"--data; .*prepare --suite"):
        suites.load(name)


def test_portraits7_names_its_seven_videos(tmp_path):
    with pytest.raises(BenchError, match=r"jae\.mp4.*marclon\.mp4"):
        suites.load("portraits7", data=tmp_path)
    (tmp_path / "may.mp4").write_bytes(b"x")
    suite = suites.load("portraits7", data=tmp_path)
    assert (suite.listed, len(suite.missing)) == (7, 6)


def test_portraits7_takes_prepared_videos(tmp_path):
    (tmp_path / "raw").mkdir()
    write(tmp_path / "raw" / "may.mp4", pictures(5))
    words = ["--raw", str(tmp_path / "raw"), "--data", str(tmp_path / "data"), "--crop", "whole", "--size", "32"]
    assert prepare(words) == 0
    suite = suites.load("portraits7", data=tmp_path / "data")
    assert [clip.path.name for clip in suite.clips] == ["may.mkv"]
    assert suite.prepared == Recipe(size=(32, 32), crop="whole")


def test_a_suite_file_of_ones_own_is_run_by_its_path(tmp_path):
    (tmp_path / "mine.toml").write_text(
        'schema = 1\nid = "mine"\nversion = 1\ntitle = "t"\nlicence = "l"\n[[clips]]\nid = "a"\nfile = "a.mp4"\n'
    )
    (tmp_path / "a.mp4").write_bytes(b"x")
    assert [clip.id for clip in suites.load(str(tmp_path / "mine.toml")).clips] == ["a"]
