"""What a run has so far is on disk: where it is damaged there, the clip is told as failed, and no other is lost."""

import shutil

import pytest

from bench.commands.main import main
from bench.results.clip_parts import Parts
from bench.results.run_folder import read_clips, read_manifest, read_summary
from tests.bench.run.resuming import plan, run_of, tables
from tests.films import portrait_film


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    for number in range(4):
        portrait_film(folder / f"clip{number}.mp4", count=3, seed=number)
    return folder


@pytest.fixture
def run(films, tmp_path, monkeypatch, capsys):
    """A run of four clips, to whose folder of parts something happens behind the one at `place`."""

    def run(happen, *, place):
        add = Parts.add

        def then(parts, result, *rest):
            add(parts, result, *rest)
            if result.record.id == f"clip{place}":
                with monkeypatch.context() as once:
                    once.setattr(Parts, "add", add)
                    happen(parts.folder)
                monkeypatch.setattr(Parts, "add", add)

        monkeypatch.setattr(Parts, "add", then)
        shown = ["--metrics", "l1", "--size", "64", "--model", "copy", "--video-codec", "none", "--no-cache"]
        code = main(["--videos", str(films), *shown, "--out", str(tmp_path / "run")])
        rows = read_clips(tmp_path / "run")
        rows = rows[rows["setting"] == "original"].set_index("clip")
        assert rows.index.tolist() == [f"clip{number}" for number in range(4)]
        assert [clip.id for clip in read_manifest(tmp_path / "run").clips] == rows.index.tolist()
        failed = rows[rows["status"] == "failed"]["reason"].to_dict()
        for clip, reason in failed.items():
            assert reason.startswith(f"clip '{clip}': what it gave is lost: '")
            assert reason.endswith(": run it again")
        assert code == (1 if failed else 0)
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert all(f"clip '{clip}': what it gave is lost" in said.out.replace("\n", " ") for clip in failed)
        return failed

    return run


def part(folder, number, suffix):
    """A file of the part of the clip of that number."""
    for path in folder.glob("[!.]*.json"):
        if f'"id": "clip{number}"' in path.read_text("utf-8"):
            return path.with_suffix(suffix)
    raise AssertionError(f"clip{number} has no part")


@pytest.mark.parametrize("suffix", [".json", ".frames"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff junk", b'{"record": 3}', b'{"clips": []}', b"[]", None])
def test_a_damaged_part_is_its_clips_failure(run, suffix, content):
    def damage(folder):
        path = part(folder, 1, suffix)
        path.unlink() if content is None else path.write_bytes(content)

    failed = run(damage, place=3)
    assert list(failed) == ["clip1"]
    assert ("is not there any more" if content is None else "is damaged (") in failed["clip1"]


def test_a_cut_part_is_its_clips_failure(run):
    def cut(folder):
        for path in folder.glob(f"{part(folder, 2, '').name}.*"):
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    assert list(run(cut, place=2)) == ["clip2"]


def test_a_lost_share_of_suite_wide_values_is_its_clips_failure_until_it_is_run_again(films, tmp_path, monkeypatch):
    """Resumed, the run does that clip again, and no other."""
    run_of(films, plan(tmp_path / "whole"))
    add = Parts.add

    def then(parts, result, *rest):
        add(parts, result, *rest)
        if result.record.id == "clip1":
            part(parts.folder, 1, ".pools").write_bytes(b"junk")

    with monkeypatch.context() as once:
        once.setattr(Parts, "add", then)
        assert run_of(films, plan(tmp_path / "run")).failures == ("clip1",)
    summary = read_summary(tmp_path / "run").set_index(["setting", "metric"])
    assert summary.loc[("original", "fid"), "pooled_n"] == 3 * 3
    chosen = plan(tmp_path / "run")
    assert run_of(films, chosen, resume=True).failures == ()
    assert chosen.model.model.seen == [("clip1", "original")]
    assert tables(tmp_path / "run") == tables(tmp_path / "whole")


@pytest.mark.parametrize("whole", [False, True], ids=["parts", "run folder"])
def test_a_folder_removed_in_mid_run_loses_what_was_in_it_and_says_so(run, whole):
    assert list(run(lambda parts: shutil.rmtree(parts.parent if whole else parts), place=1)) == ["clip0", "clip1"]


def test_a_folder_removed_at_the_end_loses_all_and_says_so(run):
    assert list(run(shutil.rmtree, place=3)) == ["clip0", "clip1", "clip2", "clip3"]


def test_what_is_whole_is_no_loss(run):
    assert run(lambda folder: (folder / "notes.txt").touch(), place=3) == {}
