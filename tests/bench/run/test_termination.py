"""SIGTERM, as schedulers and containers send it: what had ended is kept, what was started ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.results.run_folder import read_clips, read_manifest
from tests.bench.footage import pictures, write
from tests.bench.run.engines.test_orphans import alive
from tests.films import portrait_film

ROOT = Path(__file__).resolve().parents[3]
WAYS = pytest.mark.parametrize(
    ("jobs", "whole_group"),
    [(1, False), pytest.param(2, False, marks=pytest.mark.slow), pytest.param(2, True, marks=pytest.mark.slow)],
)
"""SIGTERM to the run alone, without and with worker processes, and to all of them at once."""

MODEL = """
import os, pathlib, shutil, sys, time
driving, output, notes = map(pathlib.Path, sys.argv[1:])
try:
    (notes / "first").touch(exist_ok=False)
except FileExistsError:
    (notes / f"pid{os.getpid()}").touch()
    time.sleep(120)
shutil.copy(driving, output.with_suffix(".mkv"))
"""


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at /proc")
@WAYS
def test_a_terminated_run_keeps_what_had_ended_and_leaves_nothing_behind(tmp_path, jobs, whole_group):
    """The first clip to come ends; the others' model sleeps, until SIGTERM comes to the run or to its whole group."""
    for folder in ("temporary", "notes"):
        (tmp_path / folder).mkdir()
    for number in range(3):
        portrait_film(tmp_path / "in" / f"clip{number}.mp4", count=4)
    (tmp_path / "model.py").write_text(MODEL)
    command = f"{sys.executable} {tmp_path / 'model.py'} {{driving}} {{output}} {tmp_path / 'notes'}"
    words = ["--videos", str(tmp_path / "in"), "--metrics", "l1", "--out", str(tmp_path / "run"), "--size", "64"]
    running = subprocess.Popen(
        [sys.executable, "benchmark.py", *words, "--model-command", command, "--jobs", str(jobs), "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    sleeping = []
    while not (len(sleeping) == jobs and list((tmp_path / "run" / ".parts").glob("[!.]*.json"))):
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
        sleeping = [int(path.name[3:]) for path in (tmp_path / "notes").glob("pid*")]
    (os.killpg if whole_group else os.kill)(running.pid, signal.SIGTERM)
    said = running.communicate(timeout=60)[1]
    assert (running.returncode, said) == (143, "benchmark.py: interrupted; what had ended is kept\n")
    assert len(set(read_clips(tmp_path / "run")["clip"])) == 1
    assert not read_manifest(tmp_path / "run").complete
    assert not any(map(alive, sleeping))
    assert list((tmp_path / "temporary").iterdir()) == []


@WAYS
def test_a_terminated_preparation_keeps_what_had_ended_and_nothing_half_written(tmp_path, jobs, whole_group):
    """The first video is short; the others take minutes at the size that is asked for."""
    (tmp_path / "raw").mkdir()
    for name, count in (("a", 4), ("b", 400), ("c", 400)):
        write(tmp_path / "raw" / f"{name}.mp4", pictures(count))
    data = tmp_path / "data"
    words = ["--raw", str(tmp_path / "raw"), "--data", str(data), "--crop", "whole", "--size", "1024"]
    preparing = subprocess.Popen(
        [sys.executable, "benchmark.py", "prepare", *words, "--jobs", str(jobs)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not ((data / "prepared" / "a.json").exists() and len(list(data.glob("clips/.writing-*"))) == jobs):
        assert preparing.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (os.killpg if whole_group else os.kill)(preparing.pid, signal.SIGTERM)
    said = preparing.communicate(timeout=60)
    assert (preparing.returncode, *said) == (143, "", "benchmark.py: interrupted; what had ended is kept\n")
    left = {path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file()}
    assert left - {".prepare.lock"} == {"clips/a.mkv", "prepared/a.json"}
