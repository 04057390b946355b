"""The suites whose clips a published list names."""

import shutil

import pytest

from bench import suite as suites
from bench.errors import BenchError
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


def test_a_suite_file_of_ones_own_is_run_by_its_path(tmp_path):
    (tmp_path / "mine.toml").write_text(
        'schema = 1\nid = "mine"\nversion = 1\ntitle = "t"\nlicence = "l"\n[[clips]]\nid = "a"\nfile = "a.mp4"\n'
    )
    (tmp_path / "a.mp4").write_bytes(b"x")
    assert [clip.id for clip in suites.load(str(tmp_path / "mine.toml")).clips] == ["a"]
