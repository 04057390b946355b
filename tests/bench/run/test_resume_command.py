"""The command: killed for good in mid-run, resumed, and what it says of options that do not fit."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.commands.main import main
from bench.results.run_folder import read_manifest
from tests.bench.run.resuming import tables
from tests.films import portrait_film

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    for number in range(3):
        portrait_film(folder / f"clip{number}.mp4", count=4, seed=number)
    return folder


def words(films, out, *more):
    chosen = ["--metrics", "l1", "psnr", "--size", "64", "--no-cache", "--model", "tests.bench.run.resuming:Waiting"]
    return ["--videos", str(films), "--out", str(out), *chosen, *more]


def test_a_run_that_was_killed_for_good_goes_on(films, tmp_path, monkeypatch, capsys):
    notes, out = tmp_path / "notes", tmp_path / "run"
    notes.mkdir()
    (notes / "wait").touch()
    environment = {**os.environ, "WAITING": str(notes)}
    with (tmp_path / "said.txt").open("w") as said:
        running = subprocess.Popen(
            [sys.executable, "benchmark.py", *words(films, out)], cwd=ROOT, env=environment, stdout=said, stderr=said
        )
        deadline = time.monotonic() + 300
        while not (list(notes.glob("clip1-*")) and list((out / ".parts").glob("[!.]*.json"))):
            assert running.poll() is None, (tmp_path / "said.txt").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        running.kill()
        running.wait()
    assert not (out / "clips.csv").exists()
    before = set(notes.iterdir())
    (notes / "wait").unlink()
    monkeypatch.setenv("WAITING", str(notes))
    assert main(words(films, out, "--resume", "--verbose")) == 0
    assert "goes on: 1 of 3 clips are done" in capsys.readouterr().out
    assert sorted(path.name.partition("-")[0] for path in set(notes.iterdir()) - before) == ["clip1", "clip2"]
    assert main(words(films, tmp_path / "whole")) == 0
    assert tables(out) == tables(tmp_path / "whole")
    for name in ("reference", "original"):
        videos = [
            {path.name: path.read_bytes() for path in (of / "videos" / name).iterdir()}
            for of in (out, tmp_path / "whole")
        ]
        assert videos[0] == videos[1]
    assert [path for path in out.rglob(".*") if path.name != ".parts"] == []
    manifest = read_manifest(out)
    assert manifest.complete
    killed, second = manifest.sessions
    assert (killed.finished, killed.clips, second.clips) == ("", 1, 2)
    assert killed.seconds > 0
    assert manifest.seconds == pytest.approx(killed.seconds + second.seconds)
    assert second.command[-2:] == ("--resume", "--verbose")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--resume", "--overwrite"], "--resume goes on with the run that --overwrite replaces: leave one of them out"),
        (["--resume"], "--resume goes on with the run of a folder: name it with --out"),
    ],
)
def test_options_that_do_not_fit_are_a_mistake(films, tmp_path, capsys, more, told):
    chosen = words(films, tmp_path / "run", *more)
    if len(more) == 1:
        chosen = [word for word in chosen if word not in ("--out", str(tmp_path / "run"))]
    assert main(chosen) == 2
    assert capsys.readouterr().err == f"benchmark.py: {told}\n"


def test_a_folder_that_holds_a_run_says_how_to_go_on(films, tmp_path, capsys):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    assert main(words(films, tmp_path / "run")) == 2
    assert "already holds a run: go on with it by --resume, replace it by --overwrite" in capsys.readouterr().err
    assert main(words(films, tmp_path / "run", "--resume")) == 2  # one that cannot be read
    assert "run.json'" in capsys.readouterr().err


def test_a_folder_with_no_more_than_what_was_being_written_is_free(films, tmp_path, monkeypatch):
    """Killed before its first file was whole."""
    monkeypatch.setenv("WAITING", str(tmp_path))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".0123456789abcdef.json").write_text("{")
    assert main(words(films / "clip0.mp4", tmp_path / "run", "--resume", "--video-codec", "none")) == 0
    assert [path for path in (tmp_path / "run").glob(".*") if path.name != ".parts"] == []
