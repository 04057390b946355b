"""A model that ends the process, raises what is no error, or reports junk costs its clip, and the run says so."""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.commands.main import _plan, main
from bench.commands.run_options import run_parser
from bench.errors import BenchError
from bench.frames import Frames
from bench.results.run_folder import read_clips, read_manifest
from bench.run.engines.one_process import exits_raised
from bench.settings import Setting
from bench.suites.from_paths import of_videos
from model import registry
from model.interface import Driving, SettingReport
from model.origin import ModelOrigin
from model.reports import checked_reports
from tests.bench.run.engines.test_orphans import alive
from tests.bench.run.misbehaving import JUNK, Misbehaving
from tests.films import portrait_film

ROOT = Path(__file__).resolve().parents[3]
MODEL = "tests.bench.run.misbehaving:Misbehaving"
SETTINGS = (Setting(), Setting.parse("free-view:30,0,0"))
FRAMES = torch.zeros(3, 3, 8, 8, dtype=torch.uint8)
ENDS_CLIP = "(sys.exit() in a model ends its clip only)"


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    for name in ("a", "bad", "c"):
        portrait_film(folder / f"{name}.mp4", count=3)
    return folder


def words(films, out, *more):
    shown = ["--metrics", "l1", "--size", "64", "--video-codec", "none", "--no-cache", "--model", MODEL]
    return ["--videos", str(films), *shown, "--out", str(out), *more]


def command(films, out, told, *, jobs=1, temporary=None, **options):
    environment = {**os.environ, "MISBEHAVE": told, "PYTHONPATH": str(ROOT)}
    environment |= {"TMPDIR": str(temporary)} if temporary is not None else {}
    return subprocess.Popen(
        [sys.executable, "benchmark.py", *words(films, out, "--jobs", str(jobs))],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def reports(told):
    """What becomes of one clip, in this process."""
    driving = Driving("bad", FRAMES[0], 25.0)
    stream = ModelOrigin(Misbehaving(told=told)).begin(driving, SETTINGS)
    stream.step(Frames(FRAMES, np.arange(3) / 25))
    return list(stream.close().values())


@pytest.mark.parametrize("where", ["open", "step", "close"])
@pytest.mark.parametrize(
    "how, reason",
    [
        ("exit", f"SystemExit {ENDS_CLIP}"),
        ("exit 0", f"SystemExit: 0 {ENDS_CLIP}"),
        ("exit 3", f"SystemExit: 3 {ENDS_CLIP}"),
        ("odd", "Odd: odd"),
        ("generator", "GeneratorExit"),
        ("wordless", "Wordless"),
    ],
)
def test_whatever_a_model_raises_is_its_clips_failure(where, how, reason):
    found = reports(f"{where}:{how}")
    assert [report.error for report in found] == [f"clip 'bad': the model failed with {reason}"] * 2


@pytest.mark.parametrize("where", ["load", "describe"])
@pytest.mark.parametrize("how, reason", [("exit 0", f"SystemExit: 0 {ENDS_CLIP}"), ("odd", "Odd: odd")])
def test_a_model_that_cannot_be_loaded_or_described_is_one_mistake(monkeypatch, where, how, reason):
    monkeypatch.setenv("MISBEHAVE", f"{where}:{how}")
    with pytest.raises(BenchError) as error:
        ModelOrigin(registry.load(MODEL)).describe()
    assert str(error.value).endswith(f"failed with {reason}")


def test_a_module_that_exits_when_it_is_imported_is_one_mistake(tmp_path, monkeypatch):
    (tmp_path / "exits_at_once.py").write_text("import sys\nsys.exit(0)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BenchError, match=r"^--model exits_at_once:M: importing 'exits_at_once' failed with SystemExit"):
        registry.load("exits_at_once:M")


@pytest.mark.parametrize(
    "junk, reason",
    [
        ("none", "None: it must give a mapping from settings to SettingReport, also an empty one"),
        ("list", "list: it must give a mapping from settings to SettingReport, also an empty one"),
        ("text keys", "a report under 'original': its keys must be the clip's own settings"),
        ("number", "int under original: it must give a SettingReport"),
        ("error", "an error or a carrier under original that is no text"),
        ("carrier", "an error or a carrier under original that is no text"),
        ("warnings", "warnings under original that are no tuple of texts"),
        ("per_frame", "list as per_frame under original: it must be a mapping"),
        ("name", "a curve called 7 under original: its name must be a text"),
        ("words", "list as yaw under original: it must be an array of numbers"),
        ("ragged", "list as yaw under original: it must be an array of numbers"),
        ("short", "yaw of shape (2,) under original: each of 3 frames needs one value"),
        ("scalar", "yaw of shape () under original: each of 3 frames needs one value"),
    ],
)
def test_junk_from_close_is_its_clips_failure(junk, reason):
    assert [report.error for report in reports(f"junk:{junk}")] == [
        f"clip 'bad': the model's close() gave {reason}"
    ] * 2


def test_good_reports_are_taken_as_float64():
    said = {SETTINGS[1]: SettingReport({"yaw": torch.arange(3), "still": np.array([True, False, True])}, "x", "uint8")}
    (report,) = checked_reports(said, SETTINGS, frames=3, about="close()").values()
    assert {name: values.tolist() for name, values in report.per_frame.items()} == {
        "yaw": [0, 1, 2],
        "still": [1, 0, 1],
    }
    assert {values.dtype for values in report.per_frame.values()} == {np.dtype(np.float64)}
    assert (report.error, report.carrier) == ("x", "uint8")


@pytest.mark.parametrize("given", [None, 3, object()])
def test_an_open_that_gives_no_session_is_its_clips_failure(given):
    model = Misbehaving(told="nowhere:")
    model.open = lambda driving, settings: given
    stream = ModelOrigin(model).begin(Driving("bad", FRAMES[0], 25.0), SETTINGS[:1])
    (report,) = stream.close().values()
    assert report.error.startswith(
        f"clip 'bad': the model's open() gave {type(given).__name__}: it must give a session"
    )


@pytest.mark.parametrize(
    "told", ["open:exit 0", "close:exit 0", "step:odd", "step:_exit 0", *(f"junk:{junk}" for junk in JUNK)]
)
def test_one_clips_fault_is_one_clips_fault(films, tmp_path, monkeypatch, capsys, told):
    monkeypatch.setenv("MISBEHAVE", told)
    assert main(words(films, tmp_path / "run", "--in-process")) == 1
    seen_to_be_bad(tmp_path / "run")
    assert "Traceback" not in capsys.readouterr().err


def seen_to_be_bad(out):
    rows = read_clips(out)
    rows = rows[rows["setting"] == "original"].set_index("clip")
    assert rows["status"].to_dict() == {"a": "value", "bad": "failed", "c": "value"}
    assert rows.loc["bad", "reason"].startswith("clip 'bad': ")
    assert "AttributeError" not in rows.loc["bad", "reason"]
    assert read_manifest(out).complete
    return rows.loc["bad", "reason"]


ENDED = "clip 'bad': its process ended itself with exit code 0: a model must not end the process"


@pytest.mark.parametrize(
    "jobs, told, reason",
    [
        (1, "step:_exit 0 in C", ENDED),  # as if the run had come to its end
        (2, "step:_exit 0", ENDED),
        pytest.param(1, "close:_exit 0", ENDED, marks=pytest.mark.slow),
        (2, "step:exit 0", f"clip 'bad': the model failed with SystemExit: 0 {ENDS_CLIP}"),
    ],
)
def test_at_any_job_count(films, tmp_path, jobs, told, reason):
    running = command(films, tmp_path / "run", told, jobs=jobs)
    said = running.communicate(timeout=300)
    assert (running.returncode, said[1]) == (1, "")
    assert seen_to_be_bad(tmp_path / "run") == reason
    (bad,) = (clip for clip in read_manifest(tmp_path / "run").clips if clip.id == "bad")
    assert [(tried.number, tried.reason, tried.transient) for tried in bad.attempts] == [(1, reason, None)]


def test_an_end_of_the_process_is_raised_where_a_model_may_call_for_it(tmp_path, monkeypatch):
    real = os._exit
    with exits_raised():
        with pytest.raises(SystemExit, match=r"^os\._exit\(3\)$"):
            os._exit(3)
        child = os.fork() if hasattr(os, "fork") else None
        if child == 0:
            os._exit(3)
        if child is not None:
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    assert os._exit is real


def test_models_of_ones_own_run_apart(films, tmp_path):
    """What this benchmark loads itself does not, nor do files and commands: they begin sooner that way."""
    options = run_parser(()).parse_args(words(films, tmp_path))
    for change, apart in (
        ({}, True),
        ({"in_process": True}, False),
        ({"model": "copy"}, False),
        ({"model": None}, False),
        ({"model": None, "model_command": "true {output}"}, False),
        ({"model": None, "predictions": films}, False),
    ):
        chosen = argparse.Namespace(**{**vars(options), **change})
        assert _plan(chosen, of_videos([str(films)])).apart == apart
    assert main([*words(films, tmp_path), "--jobs", "2", "--in-process"]) == 2


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at /proc")
@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_what_a_model_starts_ends_with_the_run(films, tmp_path, jobs):
    running = command(films, tmp_path / "run", f"child:{tmp_path / 'child'}", jobs=jobs)
    assert running.communicate(timeout=300)[1] == ""
    assert running.returncode == 0
    assert not alive(int((tmp_path / "child").read_text()))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at /proc")
@pytest.mark.parametrize(
    "number, code", [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
def test_an_interrupted_run_ends_soon_whatever_its_processes_do(films, tmp_path, number, code):
    """The model's process takes no notice of any signal: it is killed, and what had ended is kept.

    Whoever presses Ctrl-C once more while the run is ending loses nothing by it.
    """
    (tmp_path / "temporary").mkdir()
    began = time.monotonic()
    running = command(
        films,
        tmp_path / "run",
        f"deaf:{tmp_path / 'deaf'}",
        jobs=2,
        start_new_session=True,
        temporary=tmp_path / "temporary",
    )
    deadline = time.monotonic() + 300
    parts = tmp_path / "run" / ".parts"
    while not ((tmp_path / "deaf").exists() and len(list(parts.glob("[!.]*.json"))) == 2):
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    starting, began = time.monotonic() - began, time.monotonic()
    send = os.killpg if number == signal.SIGINT else os.kill
    send(running.pid, number)
    time.sleep(0.3)
    send(running.pid, number)
    said = running.communicate(timeout=60)[1]
    ending = time.monotonic() - began
    assert (running.returncode, said) == (code, "benchmark.py: interrupted; what had ended is kept\n")
    assert set(read_clips(tmp_path / "run")["clip"]) == {"a", "c"}
    assert not alive(int((tmp_path / "deaf").read_text()))
    assert list((tmp_path / "temporary").iterdir()) == []
    # Starting loads torch three times, on whatever machine: some ten seconds where ending may take three.
    assert ending < starting


@pytest.mark.slow
def test_a_process_that_ends_itself_while_it_loads_is_one_mistake(films, tmp_path):
    running = command(films, tmp_path / "run", "load:_exit 0", jobs=2)
    said = running.communicate(timeout=300)[1]
    reason = "the model's process ended itself with exit code 0 while it was loaded: a model must not end the process"
    assert (running.returncode, said) == (2, f"benchmark.py: {reason}\n")
