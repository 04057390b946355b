import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bench
from bench.commands.main import main
from bench.results.run_folder import read_clips, read_frames, read_manifest
from bench.run import presets
from bench.settings import Setting
from tests import start_up
from tests.films import portrait_film

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    "words, expected",
    [
        (["--videoz", "x"], "there is no option '--videoz': did you mean --videos"),
        (["--videos", "x", "--metrics", "pnsr"], "there is no metric 'pnsr': did you mean psnr"),
        (["--videos", "x", "--settings", "freeview"], "setting 'freeview' is not understood"),
        (["--videos", "x", "--model", "statik"], "there is no model 'statik': did you mean static"),
        (["--suite", "dmeo"], "there is no suite 'dmeo'"),
        (["--videos", "/nowhere/*.mp4"], "matches no file"),
        ([], "nothing to run"),
        (["--videos", "x", "--limit", "0"], "0 is too few"),
        (["--videos", "x", "--size", "big"], "is not a size"),
        (["list", "metrix"], "metrix"),
        (["--videos", "x", "--weights", "alexnt=README.md"], "there are no weights 'alexnt': did you mean alexnet"),
        (["--videos", "x", "--tolerance", "psnr:-1"], "--tolerance belongs to the gate: add --check"),
        (["--videos", "x", "--junit", "x.xml"], "--junit belongs to the gate: add --check"),
        (["--videos", "x", "--summary", "x.md"], "--summary belongs to the gate: add --check"),
        (["--videos", "x", "--github"], "--github belongs to the gate: add --check"),
        (["--videos", "x", "--allow-missing", "psnr"], "--allow-missing belongs to the gate: add --check"),
        (["--videos", "x", "--model", "a:B", "--in-process", "--jobs", "2"], "one clip at a time: leave --jobs out"),
        (["--videos", "x", "--in-process"], "--in-process is for a model of your own"),
        (["--videos", "x", "--model", "copy", "--in-process"], "--in-process is for a model of your own"),
        (["--videos", "x", "--pattern", "{id}.mp4"], "add --predictions DIR"),
        (["--videos", "x", "--predictions-list", "x.csv"], "add --predictions DIR"),
        (["--videos", "x", "--panel", "2"], "--panel is for finished videos: add --predictions DIR or --model-command"),
        (["--videos", "x", "--sound", "prediction"], "--sound prediction is for finished videos: add --predictions"),
        (["--videos", "x", "--predictions", ".", "--checkpoint", "x"], "leave it out with --predictions"),
        (["--videos", "x", "--model-command", "x {output}", "--precision", "bf16"], "leave it out with --model-comm"),
        (["--videos", "x", "--check", "results"], "is not called .json"),
        (["--suite", "nofile.toml"], "there is no suite file 'nofile.toml': check the path, or name one of"),
        (["--suite", "nofile.TOML"], "there is no suite file 'nofile.TOML'"),
        (["list", "suites", "my.toml"], "there is no suite file 'my.toml'"),
        (["lst"], "there is no command 'lst': did you mean list?"),
        (["prepair", "--raw", "x"], "there is no command 'prepair': did you mean prepare?"),
        (["--videos", "x", "--max-failures", "few"], "'few' is neither a number of clips nor a share of them"),
        (["--videos", "x", "--max-failures", "120%"], "'120%' is more than all clips"),
        (["--videos", "x", "--retry", "-1"], "'-1' is not a whole number"),
        (["--videos", "x", "--timeout", "0"], "'0' is not a time in seconds"),
        (["--videos", "x", "--model", "a:B", "--in-process", "--timeout", "9"], "leave one of them out"),
        (["--videos", "x", "--retry-failed"], "--retry-failed goes on with the run of a folder: name it with --out"),
        (["--videos", "x", "--out", "y", "--retry-failed", "--overwrite"], "leave one of them out"),
        (["--videos", ""], "--videos: its value is empty"),
        (["--videos", "x", "--model", ""], "--model: its value is empty"),
        (["--videos", "x", "--model-command", ""], "--model-command: its value is empty"),
        (["--videos", "x", "--model-command", " "], "--model-command: its value is empty"),
        (["--videos", "x", "--predictions", ""], "--predictions: its value is empty"),
        (["--videos", "x", "--checkpoint", ""], "--checkpoint: its value is empty"),
        (["--videos", "x", "--check", ""], "--check: its value is empty"),
    ],
)
def test_mistakes_are_one_sentence_and_exit_2(words, expected, capsys):
    assert main(words) == 2
    captured = capsys.readouterr()
    assert expected in captured.err
    assert len(captured.err.strip().splitlines()) == 1
    assert "Traceback" not in captured.err


@pytest.mark.parametrize(
    "text, tolerance, expected",
    [
        ("", [], "is not a baseline"),
        ("[]", [], "dictionary"),
        ("not JSON", [], "is not a baseline"),
        (None, ["--tolerance", "psnr:+0.1"], "for psnr the harmful way has '-'"),
        (None, ["--tolerance", "psnr"], "tolerance 'psnr' is not understood"),
        (None, ["--tolerance", "ssim:-1"], "there is no metric 'ssim' in this run"),
        (None, ["--tolerance", "psnr@orginal:-1"], "there is no setting 'orginal' here: did you mean 'original'?"),
    ],
)
@pytest.mark.parametrize("update", [[], ["--update-baseline"]])
def test_a_gate_that_cannot_judge_is_said_before_the_first_clip(
    tmp_path, capsys, monkeypatch, text, tolerance, expected, update
):
    film, baseline = portrait_film(tmp_path / "one.mp4"), tmp_path / "base.json"
    words = ["--videos", str(film), "--metrics", "psnr", "--video-codec", "none", "--check", str(baseline)]
    if text is None:
        assert main([*words, "--update-baseline", "--out", str(tmp_path / "first")]) == 0
    else:
        baseline.write_text(text)
    monkeypatch.setattr("bench.run.suite_run.run", lambda *args, **options: pytest.fail("the run began"))
    capsys.readouterr()
    assert main([*words, *tolerance, *update, "--out", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    assert expected in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["--videoz"], ["--videos", "x", "--metrics", "pnsr"], ["list", "--help"]]
)
def test_help_and_mistakes_load_nothing_heavy(words):
    script = (
        "import sys\nfrom bench.commands.main import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'pandas', 'matplotlib', 'av', 'scipy', 'pydantic', 'rich', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_help_answers_at_once():
    assert start_up.ratio(["benchmark.py", "--help"], code=0) < start_up.LONGEST


@pytest.mark.parametrize("command", ["benchmark.py", "report.py"])
def test_version_is_that_of_the_package(command):
    done = subprocess.run([sys.executable, command, "--version"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"talking-head-benchmark {bench.__version__}\n"
    assert done.stderr == ""


def test_dry_run_writes_nothing(tmp_path, capsys):
    film = portrait_film(tmp_path / "one.mp4")
    assert main(["--videos", str(film), "--out", str(tmp_path / "run"), "--dry-run"]) == 0
    assert not (tmp_path / "run").exists()
    assert "one" in capsys.readouterr().out


@pytest.mark.parametrize("settings, measured", [(["original"], False), (["original", "free-view:30,-,-"], True)])
def test_pose_and_identity_stand_beside_a_free_view(settings, measured, tmp_path, capsys):
    film = portrait_film(tmp_path / "one.mp4")
    assert main(["--videos", str(film), "--settings", *settings, "--dry-run"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("metrics ")]
    assert {"pose_error", "csim"} <= {*line.split()} if measured else {"pose_error", "csim"}.isdisjoint(line.split())
    assert {"fid", "kid", "niqe", "lse_c", "lse_d", "av_offset"} <= {*line.split()}


def test_a_free_view_that_never_turns_is_said_at_the_end_of_the_run(tmp_path, capsys):
    out = tmp_path / "run"
    words = ["--suite", "demo", "--limit", "1", "--settings", "free-view:60,-,-", "--metrics", "l1", "pose_error"]
    assert main([*words, "--no-cache", "--video-codec", "none", "--out", str(out)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "free view 60,-,-: the measured pose does not follow: yaw" in told
    assert "instead of 60 (degrees, measured by the face mesh)" in told
    assert (out / "table.md").read_text("utf-8").startswith("> **⚠ static, free view 60,-,-: the measured pose")


def test_a_view_that_turned_is_no_alarm(tmp_path, capsys):
    demo = ROOT / "bench" / "suites" / "demo"
    for setting, film in (("original", "mei_01.mp4"), ("free-view_30,10,0", "mei_01.free-view_30,10,0.mp4")):
        (tmp_path / "turned" / setting).mkdir(parents=True)
        shutil.copy(demo / film, tmp_path / "turned" / setting / "mei_01.mp4")
    words = ["--videos", str(demo / "mei_01.mp4"), "--predictions", str(tmp_path / "turned"), "--video-codec", "none"]
    words += ["--settings", "original", "free-view:30,10,0", "--metrics", "l1", "psnr", "pose_error", "--no-cache"]
    assert main([*words, "--out", str(tmp_path / "run")]) == 0
    assert "⚠" not in capsys.readouterr().out
    assert "⚠" not in (tmp_path / "run" / "table.md").read_text("utf-8")


def test_every_preset_measures_the_pose_of_a_free_view():
    view = Setting.parse("free-view:30,10,0")
    assert all("pose_error" in preset.metrics_under([view]) for preset in presets.TABLE.values())


def test_a_dry_run_checks_tolerances(capsys):
    words = ["--suite", "demo", "--limit", "1", "--check", str(ROOT / "results" / "baselines" / "demo.json")]
    assert main([*words, "--tolerance", "psnr@orginal:-0.1", "--dry-run"]) == 2
    assert "there is no setting 'orginal' here: did you mean 'original'?" in capsys.readouterr().err


def test_a_run_that_is_there_is_not_overwritten(tmp_path, capsys):
    film = portrait_film(tmp_path / "one.mp4")
    words = ["--videos", str(film), "--metrics", "l1", "--out", str(tmp_path / "run"), "--video-codec", "none"]
    assert main(words) == 0
    assert main(words) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0


@pytest.fixture
def old_run(tmp_path):
    """A run folder with a report and the user's own files, and the words that made it."""
    portrait_film(tmp_path / "in" / "one.mp4")
    words = ["--videos", str(tmp_path / "in"), "--metrics", "l1", "--out", str(tmp_path / "run")]
    assert main(words) == 0
    from bench.commands.report import main as report

    assert report([str(tmp_path / "run"), "--plots", "bars"]) == 0
    for folder in ("", "report"):
        (tmp_path / "run" / folder / "notes.txt").write_text("mine")
    return tmp_path / "run", words


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_overwrite_takes_nothing_before_the_run_begins(old_run, tmp_path, capsys):
    run, words = old_run
    before = contents(run)
    assert main([*words, "--overwrite", "--checkpoint", str(tmp_path / "nope")]) == 2
    assert contents(run) == before


def test_overwrite_does_not_take_its_own_input(old_run, capsys):
    run, words = old_run
    before = contents(run)
    assert main([*words, "--overwrite", "--predictions", str(run / "videos")]) == 2
    assert main(["--videos", str(run / "videos" / "original"), "--out", str(run), "--overwrite"]) == 2
    assert capsys.readouterr().err.count("lies in the run that --overwrite replaces") == 2
    assert contents(run) == before


def test_overwrite_leaves_no_number_of_the_old_run(old_run, monkeypatch, capsys):
    """Killed in its first clip, the new run has no table that could be taken for its own."""
    from bench.run.run_store import RunStore

    class Killed(BaseException):
        pass

    def dying(*args, **options):
        raise Killed

    monkeypatch.setattr("bench.run.engines.worker.run_clip", dying)
    monkeypatch.setattr(RunStore, "finish", lambda *args, **options: None)
    run, words = old_run
    old = (run / "run.json").read_bytes()
    with pytest.raises(Killed):
        main([*words, "--overwrite"])
    assert set(contents(run)) == {"run.json", "notes.txt", "report/notes.txt"}
    assert (run / "run.json").read_bytes() != old


def test_a_folder_of_other_things_is_not_filled(tmp_path, capsys):
    film = portrait_film(tmp_path / "one.mp4")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "thesis.tex").write_text("x")
    assert main(["--videos", str(film), "--out", str(tmp_path / "notes")]) == 2
    assert "not a run" in capsys.readouterr().err


def test_failed_clips_decide_the_exit_code(tmp_path, capsys):
    portrait_film(tmp_path / "in" / "good.mp4")
    (tmp_path / "in" / "bad.mp4").write_bytes(b"not a video")
    words = ["--videos", str(tmp_path / "in"), "--metrics", "l1", "--video-codec", "none"]
    assert main([*words, "--out", str(tmp_path / "a")]) == 1
    assert "bad.mp4" in capsys.readouterr().out
    assert main([*words, "--out", str(tmp_path / "b"), "--max-failures", "1"]) == 0


def test_a_name_that_is_no_utf8_is_a_clip_like_others(tmp_path, capsys):
    portrait_film(tmp_path / "in" / "z.mp4")
    shutil.copy(tmp_path / "in" / "z.mp4", tmp_path / "in" / os.fsdecode(b"nonutf\xff.mp4"))
    (tmp_path / "in" / os.fsdecode(b"broken\xff.mp4")).write_bytes(b"not a video")
    words = [
        "--videos",
        str(tmp_path / "in"),
        "--metrics",
        "l1",
        "fid",
        "--no-download",
        "--out",
        str(tmp_path / "run"),
    ]
    assert main(words) == 1
    rows = read_clips(tmp_path / "run").query("metric == 'l1' and setting == 'original'").set_index("clip")["status"]
    assert rows.to_dict() == {r"broken\xff": "failed", r"nonutf\xff": "value", "z": "value"}
    assert set(read_frames(tmp_path / "run")["clip"]) == {r"nonutf\xff", "z"}
    records = {clip.id: clip for clip in read_manifest(tmp_path / "run").clips}
    assert records[r"nonutf\xff"].path.endswith(r"/nonutf\xff.mp4")
    assert r"broken\xff.mp4" in records[r"broken\xff"].reason
    assert (tmp_path / "run" / records[r"nonutf\xff"].videos["original"]).is_file()


def test_names_that_look_like_addresses_are_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ("10:30.mp4", "file:c0.mp4", "pipe:0.mp4")
    whole = portrait_film(tmp_path / "whole.mp4")
    for name in names:
        shutil.copy(whole, tmp_path / name)
    assert main(["--videos", *names, "--metrics", "l1", "--out", "results:1"]) == 0
    rows = read_clips(Path("results:1"))
    assert set(rows[rows["status"] == "value"]["clip"]) == {"10:30", "file:c0", "pipe:0"}
    assert set(read_frames(Path("results:1"))["clip"]) == {"10:30", "file:c0", "pipe:0"}
    assert len(list(Path("results:1").glob("videos/original/*.mp4"))) == 3


def test_a_damaged_clip_is_scored_and_decides_the_exit_code(tmp_path, capsys):
    portrait_film(tmp_path / "in" / "good.mp4")
    whole = portrait_film(tmp_path / "whole.mkv", count=60)
    (tmp_path / "in" / "cut.mkv").write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.6)])
    words = ["--videos", str(tmp_path / "in"), "--metrics", "l1", "--video-codec", "none"]
    assert main([*words, "--out", str(tmp_path / "a")]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "clip 'cut': file is damaged: it ends at" in said
    assert "get the file again, or leave it out" in said
    assert "damaged files: 1 of 2 clips, scored on what could be read" in said
    scored = read_clips(tmp_path / "a")
    assert set(scored[scored["status"] == "value"]["clip"]) == {"good", "cut"}
    assert main([*words, "--out", str(tmp_path / "b"), "--max-failures", "1"]) == 0


def test_lists_name_everything(capsys):
    from metrics.registry import TABLE

    assert main(["list", "models"]) == 0
    assert "static" in capsys.readouterr().out
    assert main(["list", "settings"]) == 0
    assert "free-view:30,10,0" in capsys.readouterr().out
    assert main(["list", "suites"]) == 0
    assert main(["list", "metrics"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in TABLE)
