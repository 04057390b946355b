import hashlib
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from bench.commands.prepare import main
from bench.errors import BenchError
from bench.faces import detector
from bench.suites.lists import catalogue
from tests.bench.footage import pictures, write
from tests.bench.prepare.test_only_face import Told

HEAD = "video_id,start,end,bbox,fps,width,height,partition,person_id\n"
ROWS = (
    "abc,0,10,0-0-96-64,25,96,64,test,id1\nxyz,0,10,0-0-96-64,25,96,64,test,id2\nabc,5,15,0-0-50-64,25,96,64,test,id1\n"
)


@pytest.fixture
def listed(tmp_path):
    (tmp_path / "raw" / "deep").mkdir(parents=True)
    write(tmp_path / "raw" / "deep" / "abc.mp4", pictures(20))
    path = tmp_path / "list.csv"
    path.write_text(HEAD + ROWS, encoding="utf-8")
    return tmp_path, path


def test_a_listed_suite_counts_what_is_missing(listed, capsys):
    folder, path = listed
    data = folder / "data"
    words = [
        "--suite",
        "voxceleb",
        "--list",
        str(path),
        "--raw",
        str(folder / "raw"),
        "--data",
        str(data),
        "--size",
        "32",
    ]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "2 of 3 clips prepared, 0 rejected, 1 missing" in told
    assert "missing: id2#xyz#000000#000010: raw video 'xyz' is not there" in told
    assert {file.name for file in (data / "clips").iterdir()} == {
        "id1#abc#000000#000010.mkv",
        "id1#abc#000005#000015.mkv",
    }


def test_two_raw_videos_of_one_name_are_refused(listed):
    folder, path = listed
    write(folder / "raw" / "abc.mkv", pictures(20))
    words = ["--suite", "voxceleb", "--list", str(path), "--raw", str(folder / "raw"), "--data", str(folder / "data")]
    with pytest.raises(BenchError, match=r"two raw videos are called 'abc' .*abc\.mkv, .*abc\.mp4"):
        main(words)


def test_a_folder_of_videos(tmp_path, capsys, monkeypatch):
    (tmp_path / "raw").mkdir()
    write(tmp_path / "raw" / "one.mp4", pictures(10))
    monkeypatch.setattr(detector, "load", lambda name, resources: Told([[]] * 10))
    assert main(["--raw", str(tmp_path / "raw"), "--data", str(tmp_path / "data")]) == 2
    told = capsys.readouterr().out
    assert "rejected: one: no face was found" in told
    assert "0 of 1 clips prepared, 1 rejected" in told


def test_what_is_no_video_is_left_out_and_counted(tmp_path, capsys):
    raw = tmp_path / "raw"
    raw.mkdir()
    write(raw / "one.mp4", pictures(4))
    (raw / "two.mp4").symlink_to(raw / "one.mp4")
    (raw / "gone.mp4").symlink_to("/nowhere.mp4")
    (raw / "Thumbs.db").write_bytes(b"")
    assert main(["--raw", str(raw), "--data", str(tmp_path / "data"), "--crop", "whole"]) == 0
    told = capsys.readouterr().out
    assert f"left out: {raw / 'two.mp4'}: the same file as '{raw / 'one.mp4'}'" in told
    assert f"left out: {raw / 'gone.mp4'}: a link to '/nowhere.mp4', which is not there" in told
    assert "1 of 1 clips prepared, 0 rejected, 3 more left out" in told


def test_suggest_prints_the_public_scripts_command(tmp_path, capsys, monkeypatch):
    path = write(tmp_path / "talk.mp4", pictures(200))
    monkeypatch.setattr(detector, "load", lambda name, resources: Told([[(30, 10, 60, 50)]] * 200))
    assert main(["--suggest", str(path)]) == 0
    assert (
        capsys.readouterr().out
        == f'ffmpeg -i {path} -ss 0.0 -t 7.96 -filter:v "crop=48:48:21:6, scale=256:256" crop.mp4\n'
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "name the raw videos with --raw"),
        (["--raw", "x", "--data", "y", "--crop", "listed"], "--crop listed needs a list"),
        (["--raw", "x", "--data", "y", "--kernel", "cubic"], "no resize kernel 'cubic'"),
        (["--raw", "x", "--data", "y", "--detector", "eyes"], "no face detector 'eyes'"),
        (["--raw", "nowhere/*.mp4", "--data", "y"], r"--raw 'nowhere/\*\.mp4' matches no file"),
        (["--raw", ".", "--data", "y"], r"--raw '\.' holds no video file"),
        (["--raw", "x", "--data", "y", "--size", "0"], "--size: '0' is not a size: write 256 or 480x640"),
        (["--raw", "x", "--data", "y", "--size", "abc"], "--size: 'abc' is not a size: write 256 or 480x640"),
        (["--raw", "x", "--data", "y", "--fps", "0"], "--fps: '0' is not a frame rate: give frames a second"),
        (["--raw", "x", "--data", "y", "--fps", "fast"], "--fps: 'fast' is not a frame rate"),
        (["--raw", "x", "--data", "y", "--fps", "nan"], "--fps: 'nan' is not a frame rate"),
        (["--raw", "x", "--data", "y", "--jobs", "0"], "--jobs: 0 is too few: give 1 or more"),
        (["--raw", "x", "--data", "y", "--jobs", "two"], "--jobs: 'two' is not a whole number"),
        (["--raw", "x", "--data", "y", "--codec", "h264", "--size", "17x32"], "h264 keeps even sides only"),
        (["--rwa", "x"], "did you mean --raw"),
    ],
)
def test_mistakes_are_sentences(tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    if "x" in words:
        write(tmp_path / "x", pictures(2), file_format="mp4")
    with pytest.raises(BenchError, match=message):
        main(words)


class TestPublished:
    def test_the_list_is_checked_by_its_digest(self, tmp_path, monkeypatch):
        path = tmp_path / "vox-metadata.csv"
        path.write_text(HEAD + ROWS, encoding="utf-8")
        with pytest.raises(BenchError, match=r"vox-metadata\.csv is not the published list"):
            catalogue.clips("voxceleb", folder=tmp_path)
        right = hashlib.sha256(path.read_bytes()).hexdigest()
        files = catalogue.LISTS["voxceleb"].files
        monkeypatch.setitem(files, "vox-metadata.csv", (files["vox-metadata.csv"][0], right))
        assert len(catalogue.clips("voxceleb", folder=tmp_path)) == 3

    def test_a_list_that_cannot_be_fetched_says_what_to_put_where(self, tmp_path, monkeypatch):
        def offline(*args, **how):
            raise OSError("no network")

        monkeypatch.setattr("pooch.retrieve", offline)
        with pytest.raises(BenchError, match=r"vox-metadata\.csv is missing and https://.*cannot be fetched: put"):
            catalogue.clips("voxceleb", folder=tmp_path)

    @pytest.mark.parametrize("suite", ["voxceleb2", "talkinghead-1kh"])
    def test_a_list_that_one_must_ask_for_says_what_to_put_where(self, tmp_path, suite):
        with pytest.raises(BenchError, match=f"{suite}.* is missing: put .* there, or name it with --list"):
            catalogue.clips(suite, folder=tmp_path)

    def test_every_file_of_hdtf_is_pinned(self):
        assert len(catalogue.LISTS["hdtf"].files) == 15
        assert all(len(sha256) == 64 for _, sha256 in catalogue.LISTS["hdtf"].files.values())


@pytest.mark.skipif(os.name == "nt", reason="names are bytes on POSIX only")
def test_names_that_are_no_utf8_are_prepared_like_others(tmp_path, capsys):
    raw = tmp_path / "raw"
    raw.mkdir()
    whole = write(raw / "fine.mp4", pictures(5))
    try:
        shutil.copy(whole, os.fsencode(raw) + b"/odd\xff.mp4")
        Path(os.fsdecode(os.fsencode(raw) + b"/bad\xfe.mp4")).write_bytes(b"no video")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    words = ["--raw", str(raw), "--data", str(tmp_path / "data"), "--crop", "whole", "--size", "32"]
    assert main(words) == 0
    assert "2 of 3 clips prepared, 1 rejected" in " ".join(capsys.readouterr().out.split())
    report = pd.read_csv(tmp_path / "data" / "report.csv").set_index("id")
    assert report["status"].to_dict() == {r"bad\xfe": "rejected", "fine": "prepared", r"odd\xff": "prepared"}
    assert main(words) == 0, "a second call finds all of it"
