"""What happens to a run from outside while it is at work: the clip that it happens to fails, and no other."""

import errno
import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from bench.commands.main import main
from bench.report.brief import write_brief
from bench.results.run_folder import read_clips, read_manifest
from bench.run import run_manifest, suite_run
from bench.run.plan import ModelPlan, Plan
from bench.settings import Setting
from bench.suites.from_paths import of_videos
from model import registry
from model.copy import Copy
from tests.films import portrait_film, write_film

run = partial(suite_run.run, at_end=write_brief)


class Doer:
    """The model `copy`, which does something once it is given the first frames of the clip `bad`."""

    name, size = "doer", None

    def __init__(self, deed):
        self.deed = deed

    def describe(self):
        return {}

    def open(self, driving, settings):
        session = Copy().open(driving, settings)
        return Doing(session, partial(self.deed, driving)) if driving.id == "bad" else session


class Doing:
    def __init__(self, session, deed):
        self.session, self.deed, self.close = session, deed, session.close

    def step(self, driving):
        if self.deed is not None:
            self.deed()
            self.deed = None
        return self.session.step(driving)


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    for number, name in enumerate(("a", "bad", "c")):
        portrait_film(folder / f"{name}.mp4", count=6, seed=number)
    return folder


@pytest.fixture
def scored(films, tmp_path, monkeypatch):
    """A run of copies of the three films, or of others, while `bad` does its deed: the status by clip, and why."""

    def scored(deed, *, films=films, out="run"):
        clips = shutil.copytree(films, tmp_path / "clips" / out)
        monkeypatch.setattr(registry, "load", lambda name, **options: Doer(deed))
        plan = Plan(tmp_path / out, ModelPlan("copy"), (Setting(),), ("l1",), size=(64, 64), batch=2, codec=None)
        run(of_videos([str(clips)]), plan, console=Console(quiet=True))
        assert read_manifest(tmp_path / out).complete
        rows = read_clips(tmp_path / out)
        rows = rows[rows["setting"] == "original"].set_index("clip")
        return rows["status"].to_dict(), rows["reason"].to_dict()

    return scored


def test_a_clip_that_vanishes_before_its_turn_fails(scored):
    status, reason = scored(lambda driving: driving.path.with_name("c.mp4").unlink())
    assert status == {"a": "value", "bad": "value", "c": "failed"}
    assert "c.mp4" in reason["c"]


@pytest.mark.skipif(os.name == "nt", reason="files that are open cannot be removed there")
def test_a_clip_that_vanishes_while_it_is_read_has_its_values(scored):
    """An open file is there until it is closed."""
    status, _ = scored(lambda driving: driving.path.unlink())
    assert set(status.values()) == {"value"}


def test_a_clip_that_is_cut_short_while_it_is_read_is_told_as_damaged(tmp_path, scored):
    """What is still read ahead of the cut is scored."""
    for name in ("a", "c"):
        portrait_film(tmp_path / "long" / f"{name}.mp4", count=6)
    noise = np.random.default_rng(0).integers(0, 256, (120, 3, 64, 64), dtype=np.uint8)
    size = write_film(tmp_path / "long" / "bad.mp4", noise).stat().st_size
    assert size > 300_000  # more than is read at once
    status, _ = scored(lambda driving: os.truncate(driving.path, size // 2), films=tmp_path / "long")
    assert status == {"a": "value", "bad": "value", "c": "value"}
    records = {clip.id: clip for clip in read_manifest(tmp_path / "run").clips}
    assert [name for name, record in records.items() if record.damaged] == ["bad"]
    assert 0 < records["bad"].frames < 120


def test_a_clock_that_jumps_back_changes_nothing(tmp_path, scored, monkeypatch):
    scored(lambda driving: None, out="steady")
    now = [time.time()]

    def earlier():
        now[0] -= 86_400
        return now[0]

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(earlier(), UTC)

    monkeypatch.setattr(time, "time", earlier)
    monkeypatch.setattr(run_manifest, "datetime", Clock)
    scored(lambda driving: None)
    steady, jumping = tmp_path / "steady", tmp_path / "run"
    for name in ("clips.csv", "summary.csv"):
        assert (steady / name).read_text() == (jumping / name).read_text()
    manifest = read_manifest(jumping)
    started, finished = (datetime.fromisoformat(text) for text in (manifest.created, manifest.finished))
    assert finished - started <= timedelta(days=-1)
    assert 0 < manifest.seconds < 3600
    assert all(0 < clip.seconds["total"] < 3600 for clip in manifest.clips)


def full(monkeypatch, parts):
    """The disk is full once so many parts of clips are there; returns a switch that frees it."""
    honest, room = Path.replace, [True]

    def replace(path, target):
        if Path(target).parent.name == ".parts" and Path(target).suffix == ".json":
            room.append(len(list(Path(target).parent.glob("[!.]*.json"))) < parts)
        if not room[-1]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return honest(path, target)

    monkeypatch.setattr(Path, "replace", replace)


def test_a_disk_that_fills_up_stops_the_run_and_loses_nothing(films, tmp_path, monkeypatch, capsys):
    """Neither the second clip nor any table finds room."""
    words = ["--videos", str(films), "--metrics", "l1", "--size", "64", "--model", "copy", "--video-codec", "none"]
    assert main([*words, "--no-cache", "--out", str(tmp_path / "whole")]) == 0
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        full(patch, parts=1)
        assert main([*words, "--no-cache", "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert said == (
        f"benchmark.py: the run folder '{out}' cannot be written (No space left on device): "
        "free space there and go on with --resume, or name another with --out\n"
    )
    assert len(list((out / ".parts").glob("*.json"))) == 1
    assert not read_manifest(out).complete
    assert [path for path in out.rglob(".*") if path.name != ".parts"] == []
    assert main([*words, "--no-cache", "--out", str(out), "--resume"]) == 0
    assert "goes on: 1 of 3 clips are done" in capsys.readouterr().out
    for name in ("clips.csv", "summary.csv", "frames.parquet"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_read_only_folder_is_told_before_the_first_clip(films, tmp_path, monkeypatch, capsys):
    honest = Path.mkdir

    def mkdir(path, *rights, **options):
        if path.is_relative_to(tmp_path / "disc"):
            raise OSError(errno.EROFS, "Read-only file system")
        honest(path, *rights, **options)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    assert main(["--videos", str(films), "--metrics", "l1", "--out", str(tmp_path / "disc" / "run")]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("benchmark.py: the run folder ")
    assert "(Read-only file system)" in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_a_run_stops_when_more_clips_have_failed_than_are_allowed(films, tmp_path, capsys):
    clips = shutil.copytree(films, tmp_path / "clips")
    for name in ("a", "bad"):
        (clips / f"{name}.mp4").write_bytes(b"no video")
    words = ["--videos", str(clips), "--metrics", "l1", "--size", "64", "--video-codec", "none", "--no-cache"]
    for limit, code, ended in (("0", 1, ["a"]), ("50%", 1, ["a", "bad"]), ("2", 0, ["a", "bad", "c"])):
        out = tmp_path / limit.strip("%")
        assert main([*words, "--out", str(out), "--max-failures", limit]) == code
        assert [clip.id for clip in read_manifest(out).clips] == ended
        assert read_manifest(out).complete == (code == 0)
        said = " ".join(capsys.readouterr().out.split())
        stopped = (
            f"stopped: {len(ended)} of 3 clips failed, more than --max-failures {limit} allows: "
            "mend them and go on with --retry-failed, or allow more"
        )
        assert said.endswith(stopped) == (code != 0)
