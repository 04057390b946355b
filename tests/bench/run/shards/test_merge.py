"""Runs of parts of a suite, put together, are the run of the whole."""

import json
import shutil
from functools import partial

import pytest

from bench.commands.main import main
from bench.errors import BenchError
from bench.report.brief import write_brief
from bench.results.run_folder import read_manifest
from bench.run.shards import merge as merging
from bench.run.shards.shard import Shard
from tests.bench.run.resuming import ORIGINAL, VIEW, plan, run_of, tables
from tests.films import portrait_film

merge = partial(merging.merge, at_end=write_brief)


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    for number, count in enumerate((9, 3, 5, 4, 6)):
        portrait_film(folder / f"clip{number}.mp4", count=count, seed=number)
    (folder / "clip5.mp4").write_bytes(b"no film")
    return folder


def chosen(out, **fields):
    return plan(out, **{"settings": (ORIGINAL, VIEW), "codec": "ffv1", **fields})


@pytest.fixture(scope="module")
def whole(films, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "run"
    run_of(films, chosen(out))
    return out


@pytest.fixture(scope="module")
def shards(films, tmp_path_factory):
    """Three parts; the carrier of predictions, pools and all else is as in the whole."""
    folder = tmp_path_factory.mktemp("shards")
    for index in (1, 2, 3):
        run_of(films, chosen(folder / str(index)), shard=Shard(index, 3))
    return [folder / str(index) for index in (1, 2, 3)]


def videos(run):
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in run.glob("videos/*/*")}


def test_merged_parts_are_the_whole_bit_for_bit(whole, shards, tmp_path):
    for order in (shards, shards[::-1]):
        out = tmp_path / order[0].name
        finished = merge(order, out)
        assert tables(out) == tables(whole)
        assert videos(out) == videos(whole) != {}
        mine, theirs = read_manifest(out), read_manifest(whole)
        for field in ("protocol", "protocol_hash", "suite", "settings", "metrics", "identity", "complete"):
            assert getattr(mine, field) == getattr(theirs, field)
        assert [clip.id for clip in mine.clips] == [clip.id for clip in theirs.clips]
        assert [clip.digest for clip in mine.clips] == [clip.digest for clip in theirs.clips]
        assert len(mine.sessions) == 4
        assert finished.failures == ("clip5",)


def test_a_merged_run_goes_on_as_any_other(films, whole, shards, tmp_path):
    merge(shards, tmp_path / "run")
    again = chosen(tmp_path / "run")
    run_of(films, again, resume=True)
    assert again.model.model.seen == []
    assert tables(tmp_path / "run") == tables(whole)


def test_missing_parts_are_named_and_partial_takes_what_is_there(shards, whole, tmp_path):
    with pytest.raises(BenchError, match=r"^of 3 parts 1 are missing, 2/3: run it"):
        merge([shards[0], shards[2]], tmp_path / "run")
    assert not (tmp_path / "run").exists()
    finished = merge([shards[0], shards[2]], tmp_path / "run", partial=True)
    assert not finished.manifest.complete
    gone = {clip.id for clip in read_manifest(shards[1]).clips}
    assert [clip.id for clip in finished.manifest.clips] == [
        clip.id for clip in read_manifest(whole).clips if clip.id not in gone
    ]


def test_a_part_that_was_interrupted_is_named(shards, tmp_path):
    shutil.copytree(shards[1], tmp_path / "half")
    change(tmp_path / "half", complete=False)
    with pytest.raises(BenchError, match=r"^part 2/3 in '.*half' is not complete: run it, with --resume"):
        merge([shards[0], tmp_path / "half", shards[2]], tmp_path / "run")


def change(run, **fields):
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**record, **fields}))


def test_parts_that_were_made_otherwise_are_refused(films, shards, tmp_path):
    run_of(films, chosen(tmp_path / "other", size=(48, 64)), shard=Shard(2, 3))
    with pytest.raises(BenchError, match=r"are no parts of one run: height is '64' and '48': merge those"):
        merge([shards[0], tmp_path / "other", shards[2]], tmp_path / "run")
    shutil.copytree(shards[1], tmp_path / "model")
    change(tmp_path / "model", identity={**read_manifest(shards[1]).identity, "checkpoint": "another"})
    with pytest.raises(BenchError, match="checkpoint is 'first' and 'another'"):
        merge([shards[0], tmp_path / "model", shards[2]], tmp_path / "run")
    run_of(films, chosen(tmp_path / "more"), shard=Shard(2, 4))
    with pytest.raises(BenchError, match="number of parts is '3' and '4'"):
        merge([shards[0], tmp_path / "more", shards[2]], tmp_path / "run")


def test_a_part_twice_is_taken_once_unless_its_results_differ(shards, whole, tmp_path):
    shutil.copytree(shards[1], tmp_path / "again")
    merge([*shards, tmp_path / "again"], tmp_path / "run")
    assert tables(tmp_path / "run") == tables(whole)
    part = next(
        path for path in sorted((tmp_path / "again" / ".parts").glob("*.json")) if '"value"' in path.read_text()
    )
    other = json.loads(part.read_text())
    next(iter(other["outcomes"].values()))["l1"]["n"] += 1
    part.write_text(json.dumps(other))
    with pytest.raises(BenchError, match=r"^clip '.*' has other results in '.*2' than in '.*again': leave one"):
        merge([*shards, tmp_path / "again"], tmp_path / "other")


def test_a_shard_goes_on_as_itself_only(films, shards, tmp_path):
    shutil.copytree(shards[0], tmp_path / "run")
    with pytest.raises(BenchError, match="shard was '1/3' and is '2/3'"):
        run_of(films, chosen(tmp_path / "run"), shard=Shard(2, 3), resume=True)


def test_from_the_command_line(films, tmp_path, capsys):
    words = ["--videos", str(films / "clip?.mp4"), "--limit", "4", "--model", "copy", "--metrics", "l1", "--size", "64"]
    words += ["--video-codec", "none", "--no-cache"]
    assert main([*words, "--out", str(tmp_path / "whole")]) == 0
    for index in (1, 2):
        assert main([*words, "--shard", f"{index}/2", "--out", str(tmp_path / str(index))]) == 0
    runs = [str(tmp_path / "1"), str(tmp_path / "2")]
    assert main(["merge", *runs, "--out", str(tmp_path / "run")]) == 0
    assert "4 of 4 clips of 2 runs" in capsys.readouterr().out
    assert tables(tmp_path / "run") == tables(tmp_path / "whole")
    assert main(["merge", *runs, "--out", str(tmp_path / "run")]) == 2
    assert "already holds a run" in capsys.readouterr().err
    assert main(["merge", str(tmp_path / "whole"), "--out", str(tmp_path / "x")]) == 2
    assert "is no run of a part of a suite: name the runs that --shard made" in capsys.readouterr().err
    assert main([*words, "--shard", "3/2"]) == 2
    assert "'3/2' is no part of a suite: write I/N, such as 3/8" in capsys.readouterr().err
