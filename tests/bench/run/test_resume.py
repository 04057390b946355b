"""A run that goes on: what is done is not done again, and its results are those of a run that was never interrupted."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from bench.errors import BenchError
from bench.results.run_folder import read_clips, read_manifest, read_summary
from bench.run.engines import worker
from bench.suites.from_paths import of_videos
from tests.bench.run.resuming import (
    ORIGINAL,
    VIEW,
    Counting,
    CountingPlan,
    plan,
    quiet,
    run,
    run_of,
    tables,
)
from tests.films import portrait_film

METRICS = ("l1", "fid", "psnr", "kid")


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    for number in range(3):
        portrait_film(folder / f"clip{number}.mp4", count=4 + number, seed=number)
    return folder


@pytest.fixture(scope="module")
def whole(films, tmp_path_factory):
    """The tables of a run that was never interrupted."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    run_of(films, plan(out, settings=(ORIGINAL, VIEW), metrics=METRICS))
    return tables(out)


def counting(out, **fields):
    """A plan, and the list of what its model will see."""
    model = Counting(**({"said": fields.pop("said")} if "said" in fields else {}))
    return plan(out, model=CountingPlan("copy", model=model), **fields), model.seen


class Killed(BaseException):
    """The process has died: nothing more is written."""


def kill_at_write(monkeypatch, number):
    """Die at the file that is put in place as the `number`-th; returns the list of those that were before."""
    done, honest = [], Path.replace

    def replace_(path, target):
        if len(done) >= number:
            raise Killed
        done.append(Path(target).name)
        return honest(path, target)

    def unlink(path, missing_ok=False):
        if len(done) < number:
            honest_unlink(path, missing_ok=missing_ok)

    honest_unlink = Path.unlink
    monkeypatch.setattr(Path, "replace", replace_)
    monkeypatch.setattr(Path, "unlink", unlink)
    return done


def test_whatever_write_was_the_last_the_resumed_results_are_equal(films, tmp_path, monkeypatch):
    """Two clips: the record, three files a clip, and the tables."""
    two = sorted(films.glob("*.mp4"))[:2]
    with monkeypatch.context() as patch:
        writes = kill_at_write(patch, 10**6)
        run_of(two, plan(tmp_path / "whole"))
    expected = tables(tmp_path / "whole")
    assert len(writes) == 1 + 2 * 3 + 6
    for number in range(len(writes)):
        out = tmp_path / f"run{number}"
        first, began = counting(out)
        with monkeypatch.context() as patch, pytest.raises(Killed):
            kill_at_write(patch, number)
            run_of(two, first)
        second, seen = counting(out)
        run_of(two, second, resume=True)
        assert tables(out) == expected, writes[:number]
        ended = sum(name.endswith(".json") for name in writes[1:number] if name != "run.json")
        assert [clip for clip, _ in seen] == ["clip0", "clip1"][ended:]
        assert [clip for clip, _ in began] == ["clip0", "clip1"][: ended + 1 if number else 0]
        assert [path for path in out.rglob(".*") if path.name != ".parts"] == []
        assert read_manifest(out).complete


def interrupted(films, chosen, monkeypatch, clip):
    """Run until Ctrl-C comes in a clip."""
    honest = worker.run_clip

    def interrupting(task, *args, **options):
        if task.clip.id == clip:
            raise KeyboardInterrupt
        return honest(task, *args, **options)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(worker, "run_clip", interrupting)
        run_of(films, chosen)


def test_an_interrupted_run_goes_on_where_it_was(films, tmp_path, monkeypatch, whole):
    first, seen = counting(tmp_path / "run", settings=(ORIGINAL, VIEW), metrics=METRICS)
    interrupted(films, first, monkeypatch, "clip1")
    run_of(films, first, resume=True)
    assert [clip for clip, *_ in seen] == ["clip0", "clip1", "clip2"]
    assert tables(tmp_path / "run") == whole
    manifest = read_manifest(tmp_path / "run")
    assert manifest.complete
    assert [session.clips for session in manifest.sessions] == [1, 2]
    assert manifest.seconds == pytest.approx(sum(session.seconds for session in manifest.sessions))
    assert manifest.created == manifest.sessions[0].started


@pytest.mark.parametrize(
    ("begun", "seen_again"),
    [
        ({"settings": (ORIGINAL,)}, [("clip0", str(VIEW)), ("clip1", str(VIEW)), ("clip2", str(VIEW))]),
        ({"metrics": METRICS[:2]}, [(f"clip{number}", "original", str(VIEW)) for number in range(3)]),
        ({"settings": (ORIGINAL,), "metrics": METRICS[2:]}, [(f"clip{n}", "original", str(VIEW)) for n in range(3)]),
        ({"clips": 1}, [("clip1", "original", str(VIEW)), ("clip2", "original", str(VIEW))]),
        ({}, []),
    ],
    ids=["settings", "metrics", "both", "clips", "nothing"],
)
def test_longer_lists_compute_only_what_is_new(films, tmp_path, whole, monkeypatch, begun, seen_again):
    every = sorted(films.glob("*.mp4"))
    longer = {"settings": (ORIGINAL, VIEW), "metrics": METRICS}
    clips = begun.get("clips", 3)
    run_of(every[:clips], plan(tmp_path / "run", **{**longer, **{k: v for k, v in begun.items() if k != "clips"}}))
    done = read_clips(tmp_path / "run").set_index(["clip", "setting", "metric"]).index
    tasks, honest = [], worker.run_clip
    monkeypatch.setattr(worker, "run_clip", lambda task, *a, **o: tasks.append(task) or honest(task, *a, **o))
    chosen, seen = counting(tmp_path / "run", **longer)
    run_of(every, chosen, resume=True)
    assert seen == seen_again
    again = [(t.clip.id, row, metric) for t in tasks for row, metrics in t.units.items() for metric in metrics]
    rows = read_clips(tmp_path / "run").set_index(["clip", "setting", "metric"]).index
    assert set(again) == set(rows) - set(done)
    assert len(again) == len(set(again))
    assert tables(tmp_path / "run") == whole


def test_a_list_in_another_order_computes_nothing_and_the_tables_have_its_order(films, tmp_path):
    suite, told = of_videos([str(films)]), io.StringIO()
    turned = replace(suite, clips=suite.clips[::-1])
    run(turned, plan(tmp_path / "turned", metrics=("fid", "l1")), console=quiet())
    run(suite, plan(tmp_path / "run"), console=quiet())
    chosen, seen = counting(tmp_path / "run", metrics=("fid", "l1"))
    run(turned, chosen, resume=True, console=Console(file=told, width=500))
    assert seen == []
    assert tables(tmp_path / "run") == tables(tmp_path / "turned")
    assert "the clips are in another order than before" in told.getvalue()


def test_clips_that_left_the_list_are_told_and_come_back_without_work(films, tmp_path):
    every = sorted(films.glob("*.mp4"))
    run_of(every, plan(tmp_path / "run"))
    before, told = tables(tmp_path / "run"), io.StringIO()
    run_of(every[1:], plan(tmp_path / "run"), resume=True, console=Console(file=told, width=500))
    assert "1 clips that were run before are not in the list now, and not in the tables: clip0" in told.getvalue()
    assert set(read_clips(tmp_path / "run")["clip"]) == {"clip1", "clip2"}
    chosen, seen = counting(tmp_path / "run")
    run_of(every, chosen, resume=True)
    assert seen == []
    assert tables(tmp_path / "run") == before


def test_resume_begins_a_run_where_there_is_none(films, tmp_path):
    run_of(films, plan(tmp_path / "run"), resume=True)
    run_of(films, plan(tmp_path / "other"))
    assert tables(tmp_path / "run") == tables(tmp_path / "other")


REMEDY = ": name another folder with --out, or replace it with --overwrite"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"said": "second"}, "was made otherwise: checkpoint was 'first' and is 'second'"),
        ({"size": (32, 48)}, "was made otherwise: height was '64' and is '32'; width was '64' and is '48'"),
        ({"codec": "png"}, "was made otherwise: videos kept was 'none' and is 'png'"),
        ({"metrics": ("fid",)}, "also has the metrics l1: name them too"),
        ({"settings": (VIEW,)}, "also has the settings original: name them too"),
    ],
)
def test_what_differs_is_told_in_a_sentence(films, tmp_path, changed, told):
    run_of(films, plan(tmp_path / "run"))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    chosen, seen = counting(tmp_path / "run", **changed)
    with pytest.raises(BenchError) as error:
        run_of(films, chosen, resume=True)
    assert str(error.value).startswith(f"the run in '{tmp_path / 'run'}' {told}")
    if "otherwise" in told:
        assert str(error.value).endswith(REMEDY)
    assert seen == []
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_another_video_of_the_same_name_is_told(films, tmp_path):
    mine = tmp_path / "films"
    shutil.copytree(films, mine)
    run_of(mine, plan(tmp_path / "run"))
    shutil.copy(films / "clip2.mp4", mine / "clip1.mp4")
    with pytest.raises(BenchError, match="made otherwise: clip 'clip1' is another video"):
        run_of(mine, plan(tmp_path / "run"), resume=True)
    (mine / "clip1.mp4").unlink()
    run_of(mine, plan(tmp_path / "run"), resume=True)  # it left the list


def test_a_moved_video_is_the_same(films, tmp_path):
    """Never known by its file's name, or place, alone."""
    run_of(films, plan(tmp_path / "run"))
    shutil.copytree(films, tmp_path / "elsewhere")
    chosen, seen = counting(tmp_path / "run")
    run_of(tmp_path / "elsewhere", chosen, resume=True)
    assert seen == []


def test_another_version_of_a_metric_is_told(films, tmp_path, monkeypatch):
    from metrics import l1, registry

    run_of(films, plan(tmp_path / "run"))
    newer, honest = replace(l1.L1, version=99), registry.get
    monkeypatch.setattr(registry, "get", lambda name: newer if name == "l1" else honest(name))
    with pytest.raises(BenchError, match=r"made otherwise: metric\.l1 was 'version \d+: .+' and is 'version 99: "):
        run_of(films, plan(tmp_path / "run"), resume=True)


def test_a_broken_clip_that_was_mended_is_run_again(films, tmp_path):
    mine = tmp_path / "films"
    shutil.copytree(films, mine)
    (mine / "clip1.mp4").write_bytes(b"no video")
    run_of(mine, plan(tmp_path / "run"))
    shutil.copy(films / "clip1.mp4", mine / "clip1.mp4")
    chosen, seen = counting(tmp_path / "run")
    finished = run_of(mine, chosen, resume=True)
    assert [clip for clip, _ in seen] == ["clip1"]
    assert finished.failures == ()
    run_of(films, plan(tmp_path / "whole"))
    assert tables(tmp_path / "run") == tables(tmp_path / "whole")


@pytest.mark.parametrize("retry_failed", [False, True])
def test_what_failed_is_done_again_where_that_is_asked_for(films, tmp_path, monkeypatch, retry_failed):
    honest = worker.run_clip
    with monkeypatch.context() as patch:
        patch.setattr(
            worker, "run_clip", lambda t, *a, **o: clip_run_failed(t) if t.clip.id == "clip1" else honest(t, *a, **o)
        )
        run_of(films, plan(tmp_path / "run"))
    chosen, seen = counting(tmp_path / "run")
    finished = run_of(films, chosen, resume=True, retry_failed=retry_failed)
    assert [clip for clip, _ in seen] == (["clip1"] if retry_failed else [])
    assert finished.failures == (() if retry_failed else ("clip1",))


def clip_run_failed(task):
    from bench.run.clip_run import failed

    return failed(task, "a passing fault")


def test_a_damaged_part_is_made_again(films, tmp_path):
    run_of(films, plan(tmp_path / "run"))
    before = tables(tmp_path / "run")
    for path in (tmp_path / "run" / ".parts").glob("*.json"):
        if '"id": "clip2"' in path.read_text():
            path.write_text("{")
    chosen, seen = counting(tmp_path / "run")
    run_of(films, chosen, resume=True)
    assert [clip for clip, _ in seen] == ["clip2"]
    assert tables(tmp_path / "run") == before


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"junk")], ids=["removed", "damaged"])
def test_without_its_pools_only_suite_wide_metrics_are_computed_again(films, tmp_path, damage):
    run_of(films, plan(tmp_path / "run"))
    before = tables(tmp_path / "run")
    assert read_summary(tmp_path / "run").set_index("metric").loc["fid", "pooled_n"].tolist() == [15, 15, 15]
    for path in (tmp_path / "run" / ".parts").glob("*.pools"):
        damage(path)
    tasks = []
    honest = worker.Worker.run
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker.Worker, "run", lambda self, task, *a: tasks.append(task) or honest(self, task, *a))
        run_of(films, plan(tmp_path / "run"), resume=True)
    assert {metric for task in tasks for metrics in task.units.values() for metric in metrics} == {"fid"}
    assert tables(tmp_path / "run") == before


def test_videos_of_what_is_done_stay(films, tmp_path):
    out = tmp_path / "run"
    run_of(films, plan(out, codec="ffv1"))
    before = {path: path.stat().st_mtime_ns for path in out.glob("videos/*/*")}
    assert len(before) == 3 * 2
    run_of(films, plan(out, codec="ffv1", settings=(ORIGINAL, VIEW), metrics=("l1", "fid", "psnr")), resume=True)
    after = {path: path.stat().st_mtime_ns for path in out.glob("videos/*/*")}
    assert len(after) == 3 * 3
    assert before.items() <= after.items()
    videos = read_manifest(out).clips[0].videos
    assert list(videos) == ["reference", "original", str(VIEW)]
    assert all((out / path).exists() for path in videos.values())


def test_a_run_without_parts_cannot_go_on(films, tmp_path):
    run_of(films, plan(tmp_path / "run"))
    shutil.rmtree(tmp_path / "run" / ".parts")
    with pytest.raises(BenchError, match=r"has no parts any more .+ --overwrite"):
        run_of(films, plan(tmp_path / "run"), resume=True)
