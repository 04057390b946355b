import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.errors import BenchError
from bench.run.claim import claimed, new_folder

HOLD = """
import sys, time
from pathlib import Path
from bench.run.claim import claimed
with claimed(Path(sys.argv[1]), [], overwrite=False):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "run")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def test_a_second_run_is_told_who_holds_the_folder(tmp_path, holder):
    told = rf"process {holder.pid} on .+, since 20.+ name another with --out"
    with pytest.raises(BenchError, match=told), claimed(tmp_path / "run", [], overwrite=True):
        pytest.fail("both are in")


def test_a_killed_run_lets_go(tmp_path, holder):
    holder.kill()
    holder.wait()
    with claimed(tmp_path / "run", [], overwrite=False):
        assert json.loads((tmp_path / "run" / ".lock.json").read_text())["pid"] != holder.pid
    assert not (tmp_path / "run").exists()


def test_a_run_that_ended_meanwhile_is_not_written_over(tmp_path):
    with claimed(tmp_path / "run", [], overwrite=False):
        (tmp_path / "run" / "run.json").write_text("{}")
    with pytest.raises(BenchError, match="already holds a run"), claimed(tmp_path / "run", [], overwrite=False):
        pytest.fail("it was overwritten")


def test_folders_that_are_asked_for_at_once_differ(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(new_folder, [tmp_path / "results" / "demo"] * 8))
    assert len(set(found)) == 8
    assert all(folder.is_dir() and folder.name.startswith("demo") for folder in found)


def test_what_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(BenchError, match="cannot be written"):
        new_folder(tmp_path / "file" / "below")


def test_no_folder_is_left_of_a_run_that_did_not_begin(tmp_path):
    with claimed(tmp_path / "run", [], overwrite=False):
        assert (tmp_path / "run").is_dir()
    assert not (tmp_path / "run").exists()
    with claimed(tmp_path / "run", [], overwrite=False):
        (tmp_path / "run" / "run.json").touch()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["run.json"]
