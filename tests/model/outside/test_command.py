"""Model commands that hang, flood, fill the disk or are killed: their row fails with the reason, and nothing is left."""

import os
import shutil
import signal
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.frames import Frames
from bench.settings import Setting
from model.interface import Driving
from model.outside import command
from model.outside.command import CommandModel
from tests.bench.run.engines.test_orphans import alive

FRAMES = torch.zeros(3, 3, 16, 16, dtype=torch.uint8)


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    yield tmp_path / "temporary"
    assert list((tmp_path / "temporary").iterdir()) == []


def report(script, *, timeout=60.0):
    """What becomes of one clip whose model is this shell script; `$0` is the output."""
    driving = Driving("clip", FRAMES[0], 25.0, reopen=lambda: iter([FRAMES]))
    stream = CommandModel(f'sh -c "{script}" {{output}}', timeout).begin(driving, (Setting(),))
    stream.step(Frames(FRAMES, np.arange(3) / 25))
    (found,) = stream.close().values()
    return found


def test_a_flood_is_neither_held_in_memory_nor_on_disk(temporary):
    """Sixty megabytes to each of its outputs, of which the end is quoted."""
    flood = "yes word | head -c 60000000"
    tracemalloc.start()
    try:
        found = report(f"{flood}; {flood} >&2; du -sk {temporary} | cut -f 1 >&2; exit 3")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "exited with 3 under original: word | word | " in found.error
    assert int(found.error.rpartition(" | ")[2]) < 1000
    assert peak < 10_000_000
    assert len(found.error) < 1000
    assert found.transient is None


def test_what_leaves_the_commands_session_is_not_waited_for(tmp_path, monkeypatch):
    """It holds standard error open, and lives until the run ends it."""
    monkeypatch.setattr(command, "_HEARD", 0.1)
    pid = tmp_path / "pid"
    found = report(
        f"echo before >&2; setsid sh -c 'echo $$ > {pid}; exec sleep 600' & "
        f"while [ ! -s {pid} ]; do sleep 0.05; done; exit 4"
    )
    number = int(pid.read_text())
    assert alive(number)
    os.kill(number, signal.SIGKILL)
    assert found.error.endswith("exited with 4 under original: before")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at /proc")
def test_a_command_that_hangs_is_ended_with_its_children(tmp_path):
    found = report(f"sleep 600 & echo $! > {tmp_path}/pid; sleep 600", timeout=1.0)
    assert "took more than 1 s under original and was ended (--model-timeout)" in found.error
    assert found.transient == "timed out"
    assert not alive(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("script", ["exit 28", "true"])
def test_a_command_that_fills_the_disk_may_be_tried_again(monkeypatch, script):
    used = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: used._replace(free=4096))
    assert report(script).transient == "no space"


def test_a_full_disk_is_told_with_a_remedy(monkeypatch):
    used = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: used._replace(free=4096))
    assert report("echo cannot write >&2; exit 1").error.endswith(
        "exited with 1 under original: cannot write: its disk is full: free space, or name another folder with TMPDIR"
    )


@pytest.mark.parametrize("script, transient", [("kill -9 $$", "killed"), ("exit 137", "killed"), ("kill -11 $$", None)])
def test_a_killed_command_may_be_tried_again_but_not_one_that_crashed(script, transient):
    assert report(script).transient == transient
