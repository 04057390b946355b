"""A run that goes on, by where its predictions come from: finished videos, an outside command, a checkpoint's file."""

import shutil
import sys

import pytest

from bench.errors import BenchError
from bench.results.run_folder import read_clips, read_manifest
from bench.run.engines import worker
from bench.run.identity import identity
from bench.run.plan import ModelPlan
from model.outside.command import CommandModel
from model.outside.predictions import Predictions
from tests.bench.run.resuming import ORIGINAL, VIEW, Counting, CountingPlan, plan, run_of, tables
from tests.films import portrait_film
from tests.metrics import recipe

BOTH = (ORIGINAL, VIEW)


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    for number in range(2):
        portrait_film(folder / f"clip{number}.mp4", count=4, seed=number)
    return folder


@pytest.fixture
def finished(films, tmp_path):
    """Finished videos under two settings: the clips themselves, and each other."""
    folder = tmp_path / "finished"
    for setting, turn in ((ORIGINAL, 0), (VIEW, 1)):
        for number in range(2):
            (folder / setting.folder).mkdir(parents=True, exist_ok=True)
            shutil.copy(films / f"clip{(number + turn) % 2}.mp4", folder / setting.folder / f"clip{number}.mp4")
    return folder


def of_files(out, folder, **fields):
    model = ModelPlan(folder.name, predictions=Predictions(folder))
    return plan(out, model=model, **{"settings": BOTH, "metrics": ("l1", "psnr"), **fields})


def work(monkeypatch):
    """What passes over clips will do, as (clip, row, metric)."""
    done, honest = [], worker.run_clip

    def noting(task, *args, **options):
        done.extend((task.clip.id, row, metric) for row, metrics in task.units.items() for metric in metrics)
        return honest(task, *args, **options)

    monkeypatch.setattr(worker, "run_clip", noting)
    return done


def test_finished_videos_are_known_by_their_content_wherever_they_lie(films, finished, tmp_path, monkeypatch):
    run_of(films, of_files(tmp_path / "run", finished))
    finished.rename(tmp_path / "elsewhere")
    done = work(monkeypatch)
    run_of(films, of_files(tmp_path / "run", tmp_path / "elsewhere"), resume=True)
    assert done == []
    view = tmp_path / "elsewhere" / VIEW.folder
    shutil.copy(view / "clip0.mp4", view / "clip1.mp4")
    with pytest.raises(BenchError, match=rf"made otherwise: clip 'clip1' has another prediction under {VIEW}: name"):
        run_of(films, of_files(tmp_path / "run", tmp_path / "elsewhere"), resume=True)


def test_a_prediction_that_was_missing_is_scored_when_it_is_there(films, finished, tmp_path, monkeypatch):
    run_of(films, of_files(tmp_path / "whole", finished))
    late = finished / VIEW.folder / "clip1.mp4"
    late.rename(tmp_path / "late.mp4")
    assert run_of(films, of_files(tmp_path / "run", finished)).failures == ("clip1",)
    (tmp_path / "late.mp4").rename(late)
    done = work(monkeypatch)
    assert run_of(films, of_files(tmp_path / "run", finished), resume=True).failures == ()
    assert done == [("clip1", str(VIEW), "l1"), ("clip1", str(VIEW), "psnr")]
    assert tables(tmp_path / "run") == tables(tmp_path / "whole")


def test_a_setting_of_other_files_makes_the_rows_of_a_clip_as_one_pass_would(films, finished, tmp_path):
    """What predictions travelled in is told with every row of the clip: now it is two things."""
    from bench.media.video_reader import VideoReader
    from bench.media.video_writer import VideoWriter

    for path in (finished / VIEW.folder).glob("*.mp4"):
        with (
            VideoReader(path, size=(64, 64)) as reader,
            VideoWriter(path.with_suffix(".mkv"), size=(64, 64), fps=25, codec="ffv1") as writer,
        ):
            for frames in reader:
                writer.write(frames.pixels)
        path.unlink()
    run_of(films, of_files(tmp_path / "whole", finished))
    run_of(films, of_files(tmp_path / "run", finished, settings=(VIEW,)))
    before = read_clips(tmp_path / "run")["protocol"].unique()
    run_of(films, of_files(tmp_path / "run", finished), resume=True)
    assert tables(tmp_path / "run") == tables(tmp_path / "whole")
    assert not set(before) & set(read_clips(tmp_path / "run")["protocol"])
    assert read_manifest(tmp_path / "run").protocol_hash == read_manifest(tmp_path / "whole").protocol_hash


def test_another_command_is_told(films, tmp_path):
    def of_command(words):
        model = ModelPlan("command", command=CommandModel(f"{sys.executable} -c pass {words} {{output}}"))
        return plan(tmp_path / "run", model=model, metrics=("l1",))

    run_of(films, of_command("one"))
    with pytest.raises(BenchError, match=r"made otherwise: command was '.+ one .+' and is '.+ two .+': name another"):
        run_of(films, of_command("two"), resume=True)


def test_a_checkpoint_is_known_by_its_content(tmp_path):
    """Whether or not the model says so itself, and wherever the file lies."""

    def known(name, content, **said):
        path = tmp_path / name
        path.write_bytes(content)
        return identity(plan(tmp_path / "run", model=ModelPlan("mine", checkpoint=path)), said)

    assert known("a.pth", b"one") == known("b.pth", b"one")
    assert known("a.pth", b"one") != known("a.pth", b"two")
    assert known("a.pth", b"one", checkpoint_sha256="0") == known("a.pth", b"two", checkpoint_sha256="0")


def test_a_metric_whose_weights_came_is_computed_and_no_other(films, tmp_path, monkeypatch):
    import torch

    torch.save(dict(recipe.state("alexnet")), tmp_path / "alexnet.pth")
    there = {"alexnet": tmp_path / "alexnet.pth"}
    options = {"metrics": ("l1", "lpips"), "weights_dir": tmp_path / "none", "download": False}
    run_of(films, real(tmp_path / "whole", weights=there, **options))
    run_of(films, real(tmp_path / "run", **options))
    assert set(read_clips(tmp_path / "run").set_index("metric").loc["lpips", "status"]) == {"skipped"}
    done = work(monkeypatch)
    run_of(films, real(tmp_path / "run", weights=there, **options), resume=True)
    assert {metric for _, _, metric in done} == {"lpips"}
    assert tables(tmp_path / "run") == tables(tmp_path / "whole")
    with pytest.raises(BenchError, match=r"made otherwise: metric\.lpips was .+alexnet.+ and is"):
        run_of(films, real(tmp_path / "run", **options), resume=True)


def real(out, **fields):
    """A plan with networks of its own."""
    from bench.run.plan import Plan

    return Plan(out, CountingPlan("copy"), (ORIGINAL,), size=(64, 64), codec=None, **fields)


def test_side_by_side_videos_show_settings_that_came_later(films, tmp_path):
    """The model works under the others again for that picture; nothing of them is scored or written again."""
    from bench.media.video_reader import VideoReader

    def shown(out):
        with VideoReader(out / "videos" / "side-by-side" / "clip0.mkv", size=(64, 256)) as reader:
            return next(frames.pixels for frames in reader)

    chosen = {"codec": "ffv1", "side_by_side": True, "metrics": ("l1",)}
    run_of(films, plan(tmp_path / "whole", settings=BOTH, **chosen))
    run_of(films, plan(tmp_path / "run", **chosen))
    kept = (tmp_path / "run" / "videos" / "original" / "clip0.mkv").stat()
    model = Counting()
    run_of(films, plan(tmp_path / "run", settings=BOTH, model=CountingPlan("copy", model=model), **chosen), resume=True)
    assert model.seen == [(f"clip{number}", "original", str(VIEW)) for number in range(2)]
    assert tables(tmp_path / "run") == tables(tmp_path / "whole")
    assert (tmp_path / "run" / "videos" / "original" / "clip0.mkv").stat() == kept
    assert shown(tmp_path / "run").equal(shown(tmp_path / "whole"))


def test_a_codec_floor_is_one_row_more(films, tmp_path, monkeypatch):
    run_of(films, plan(tmp_path / "whole", codec_floor=True))
    run_of(films, plan(tmp_path / "run"))
    done = work(monkeypatch)
    run_of(films, plan(tmp_path / "run", codec_floor=True), resume=True)
    assert {row for _, row, _ in done} == {"codec-floor"}
    assert tables(tmp_path / "run") == tables(tmp_path / "whole")
