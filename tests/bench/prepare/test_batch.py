import csv
import errno
import subprocess
import sys

import pytest
from rich.console import Console

from bench.errors import BenchError
from bench.outcome import Skip
from bench.prepare.batch import COLUMNS, prepare_all
from bench.prepare.task import Task
from bench.suites import suite as suites
from bench.suites.lists.listed import Span
from bench.suites.recipe import Recipe
from tests.bench.footage import pictures, write

RECIPE = Recipe(crop="whole", size=(32, 32))


def run(tasks, folder, recipe=RECIPE, **how):
    about = {"suite": "mine", "title": 'A "quoted" title, 视频', "licence": "none"}
    return prepare_all(tasks, recipe, folder, **about, console=Console(quiet=True), **how)


@pytest.fixture
def tasks(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    videos = [write(raw / f"{name}.mp4", pictures(10)) for name in ("one", "二")]
    (raw / "empty.mp4").touch()
    return [
        Task("one", videos[0], person="Ann"),
        Task("二 #1", videos[1], span=Span(0, 5, 25)),
        Task("bad", raw / "empty.mp4"),
        Task("gone", None, wanted="raw video 'gone'"),
    ]


def stamps(folder):
    return {path.name: path.stat().st_mtime_ns for path in (folder / "clips").iterdir()}


def test_results_come_in_order_and_all_are_reported(tasks, tmp_path):
    clips = run(tasks, tmp_path / "out")
    assert [clip.status for clip in clips] == ["prepared", "prepared", "rejected", "missing"]
    with (tmp_path / "out" / "report.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["id"] for row in rows] == ["one", "二 #1", "bad", "gone"]
    assert "is empty" in rows[2]["reason"]


def test_the_suite_file_is_a_suite_that_knows_what_is_missing(tasks, tmp_path):
    run(tasks, tmp_path / "out")
    suite = suites.read(tmp_path / "out" / "suite.toml")
    assert (suite.id, suite.listed, suite.title) == ("mine", 4, 'A "quoted" title, 视频')
    assert [(clip.id, clip.person) for clip in suite.clips] == [("one", "Ann"), ("二 #1", None)]
    assert suite.missing == ("bad", "gone")


def test_what_is_prepared_is_not_done_again(tasks, tmp_path):
    out = tmp_path / "out"
    first = run(tasks, out)
    before = stamps(out)
    assert run(tasks, out) == first
    assert stamps(out) == before


def test_another_recipe_a_changed_video_and_a_lost_file_are_done_again(tasks, tmp_path):
    out = tmp_path / "out"
    run(tasks, out)
    before = stamps(out)
    run(tasks, out, RECIPE.model_copy(update={"size": (48, 48)}))
    assert all(stamps(out)[name] != stamp for name, stamp in before.items())
    run(tasks, out)
    before = stamps(out)
    write(tasks[0].path, pictures(8))
    (out / "clips" / "二 #1.mkv").unlink()
    clips = run(tasks, out)
    assert clips[0].frames == 8
    assert (out / "clips" / "二 #1.mkv").exists()


def test_a_damaged_record_is_done_again(tasks, tmp_path):
    out = tmp_path / "out"
    first = run(tasks, out)
    (out / "prepared" / "one.json").write_text("{", encoding="utf-8")
    assert run(tasks, out) == first


def test_processes_change_nothing(tasks, tmp_path):
    alone, together = run(tasks, tmp_path / "a"), run(tasks, tmp_path / "b", jobs=2)
    assert alone == together  # sha256 of the files are part of it


def test_two_clips_of_one_name_are_refused(tasks, tmp_path):
    with pytest.raises(BenchError, match="two clips are called 'ONE'"):
        run([*tasks, Task("ONE", tasks[1].path)], tmp_path / "out")
    with pytest.raises(BenchError, match="two clips are called 'Zoe\u0301'"):
        run([Task("Zo\u00e9", tasks[1].path), Task("Zoe\u0301", tasks[1].path)], tmp_path / "out")


def test_the_recipe_stands_in_the_suite_file(tasks, tmp_path):
    recipe = RECIPE.model_copy(update={"fps": 25.0})
    run(tasks, tmp_path / "out", recipe)
    suite = suites.read(tmp_path / "out" / "suite.toml")
    assert suite.prepared == recipe
    assert suite.size == (32, 32)


def test_a_full_disk_ends_it_and_blames_no_video(tasks, tmp_path, monkeypatch):
    def full(self, *args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("bench.media._encode.Movie.frame", full)
        with pytest.raises(BenchError, match=r"one\.mkv cannot be written .*free some space"):
            run(tasks, tmp_path / "out")
    assert [clip.status for clip in run(tasks, tmp_path / "out")] == ["prepared", "prepared", "rejected", "missing"]


def test_a_folder_that_cannot_be_made_is_one_sentence(tasks, tmp_path):
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(BenchError, match=r"data folder .*cannot be written"):
        run(tasks, tmp_path / "out")


def test_what_another_recipe_left_is_not_taken_for_this_ones(tasks, tmp_path):
    run(tasks, tmp_path / "out")
    run(tasks, tmp_path / "out", RECIPE.model_copy(update={"codec": "h264"}))
    assert sorted(path.name for path in (tmp_path / "out" / "clips").iterdir()) == ["one.mp4", "二 #1.mp4"]


def test_what_a_killed_preparation_was_writing_is_cleared_away(tasks, tmp_path):
    (tmp_path / "out" / "clips").mkdir(parents=True)
    (tmp_path / "out" / "clips" / ".writing-abc").write_bytes(b"half a film")
    run(tasks, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out" / "clips").iterdir()) == ["one.mkv", "二 #1.mkv"]


def test_a_second_preparation_in_the_folder_touches_nothing(tasks, tmp_path):
    """Held by another process, and let go of when that one is killed."""
    out = tmp_path / "out"
    (out / "clips").mkdir(parents=True)
    half = out / "clips" / ".writing-abc"
    half.write_bytes(b"half a film")
    hold = (
        "import sys, time; from pathlib import Path; from bench.prepare.batch import _alone\n"
        "with _alone(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    )
    first = subprocess.Popen([sys.executable, "-c", hold, str(out)], stdout=subprocess.PIPE, text=True)
    try:
        assert first.stdout.readline() == "held\n"
        with pytest.raises(BenchError, match=r"another 'prepare' is at work in .*out': wait"):
            run(tasks, out)
        assert half.read_bytes() == b"half a film"
    finally:
        first.kill()
        first.wait()
    run(tasks, out)
    assert not half.exists()


def test_raw_videos_may_be_deleted_once_they_are_prepared(tasks, tmp_path):
    first = run(tasks, tmp_path / "out")
    gone = [Task(task.id, None, wanted="its raw video", span=task.span, person=task.person) for task in tasks]
    assert run(gone, tmp_path / "out") == first


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_detector_without_weights_is_one_sentence(tasks, tmp_path, monkeypatch, jobs):
    def without(name, resources):
        raise Skip("weights missing: fetch them")

    monkeypatch.setattr("bench.faces.detector.load", without)
    with pytest.raises(BenchError, match="--detector s3fd: weights missing"):
        run(tasks, tmp_path / "out", Recipe(detector="s3fd"), jobs=jobs)
