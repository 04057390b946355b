import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from bench.commands.report import main
from tests import start_up
from tests.bench.report.runs import make_run

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("words", "code"), [(["--help"], 0), (["--formt", "md"], 2)])
def test_answers_before_anything_heavy_is_loaded(words, code):
    listed = subprocess.run(
        [sys.executable, "-X", "importtime", "report.py", *words], cwd=ROOT, capture_output=True, text=True, check=False
    ).stderr
    heavy = {"numpy", "pandas", "torch", "matplotlib", "scipy", "pydantic", "jinja2", "pyarrow"}
    assert not heavy & {line.rpartition("|")[2].strip() for line in listed.splitlines()}
    assert start_up.ratio(["report.py", *words], code=code) < start_up.LONGEST


def test_a_mistyped_option_names_the_near_one(capsys):
    assert main(["--formt", "md"]) == 2
    assert capsys.readouterr().err.startswith("report.py: there is no option '--formt': did you mean --format")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to report"),
        (["nowhere"], "'nowhere' is not a run folder"),
        (["--published", "portrait7"], "did you mean portraits7"),
        (["--published", "portraits7", "--format", "md"], "say where to write with --out"),
        (["--published", "portraits7", "--serve"], "need a run folder"),
    ],
)
def test_mistakes_are_one_sentence(words, message, capsys):
    assert main(words) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_table_of_frames_is_one_sentence(folders, tmp_path, capsys, seed):
    """Bytes changed at random: thrift, pages, compression and the schema all complain in errors of their own."""
    run = tmp_path / "run"
    shutil.copytree(folders[0], run)
    path = run / "frames.parquet"
    chosen = random.Random(seed)
    spoilt = bytearray(path.read_bytes())
    for _ in range(200):
        spoilt[chosen.randrange(4, len(spoilt) - 8)] = chosen.randrange(256)
    path.write_bytes(spoilt if seed else spoilt[: len(spoilt) // 2])
    assert main([str(run), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"report.py: '{path}' is damaged (")
    assert said.endswith("): run the benchmark again\n")
    assert said.count("\n") == 1


def test_a_table_of_frames_without_a_column_is_one_sentence(folders, tmp_path, capsys):
    run = tmp_path / "run"
    shutil.copytree(folders[0], run)
    path = run / "frames.parquet"
    pd.read_parquet(path).drop(columns="time").to_parquet(path)
    assert main([str(run), "--out", str(tmp_path / "out")]) == 2
    assert "frames.parquet' is damaged (" in capsys.readouterr().err


def test_serving_needs_the_page(folders, capsys):
    assert main([str(folders[0]), "--serve", "--format", "md"]) == 2
    assert "leave html in --format" in capsys.readouterr().err


@pytest.fixture(scope="module")
def compared(folders, tmp_path_factory):
    """Three models in every format, through the command itself."""
    out = tmp_path_factory.mktemp("out")
    words = [str(folder) for folder in folders]
    formats = ["md", "csv", "latex", "html", "json"]
    assert main([*words, "--out", str(out), "--format", *formats]) == 0
    return out


def test_three_models_in_every_format(compared):
    for path in ("tables.md", "tables.json", "tables.html", "index.html", "csv/summary.csv", "latex/tables.tex"):
        text = (compared / path).read_text("utf-8")
        assert text
        if path.startswith(("tables", "csv")):
            assert all(model in text for model in ("copy", "blur", "half"))
    read = json.loads((compared / "tables.json").read_text("utf-8"))
    assert {"summary", "differences", "outcomes"} <= read.keys()
    assert len([name for name in read if name.startswith("clips-")]) == 3 * 4


def test_default_folders(folders, capsys):
    assert main([str(folders[1]), "--format", "json"]) == 0
    assert (folders[1] / "report" / "tables.json").is_file()
    assert main([str(folders[1]), str(folders[2]), "--format", "json"]) == 0
    assert (folders[1] / "comparison" / "tables.json").is_file()
    assert "| Setting | Model |" in capsys.readouterr().out


def test_mixed_protocols_are_refused_and_allowed(folders, tmp_path, capsys):
    other = make_run(tmp_path / "other", model="large", protocol={"height": 512})
    words = [str(folders[0]), str(other), "--out", str(tmp_path / "out"), "--format", "md"]
    assert main(words) == 2
    assert "height is '256' and '512'" in capsys.readouterr().err
    assert main([*words, "--allow-mixed"]) == 0
    assert "Protocols differ (height: 256 / 512)" in capsys.readouterr().out


def test_caption_transposition_and_published_rows(folders, tmp_path, capsys):
    words = [str(folders[0]), "--out", str(tmp_path), "--format", "md", "--caption", "My caption"]
    assert main([*words, "--transpose", "--published", "portraits7", "--columns", "fid", "l1", "--digits", "1"]) == 0
    printed = capsys.readouterr().out
    assert "## My caption" in printed
    assert "| L1 ↓ |" in printed
    assert "Copied from the report" in printed


def test_prints_published_figures_by_themselves(capsys):
    assert main(["--published", "portraits7"]) == 0
    assert "28.035" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_said(folders, tmp_path, capsys):
    (tmp_path / "file").write_text("", "utf-8")
    assert main([str(folders[0]), "--out", str(tmp_path / "file" / "x"), "--format", "md"]) == 2
    assert "name another folder with --out" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_serves_until_it_is_interrupted(folders, tmp_path):
    import signal
    import urllib.request

    command = [
        sys.executable,
        "report.py",
        str(folders[0]),
        "--serve",
        "--format",
        "html",
        "--out",
        str(tmp_path / "r"),
    ]
    environment = {**os.environ, "BROWSER": "true", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        address = next(line for line in process.stdout if line.startswith("http://127.0.0.1:")).split()[0]
        with urllib.request.urlopen(address, timeout=120) as answer:
            assert b"<!doctype html>" in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=120) in (0, 130)
    finally:
        process.kill()
        process.stdout.close()


def test_never_removes_what_is_not_its_own(folders, tmp_path, capsys):
    run = str(folders[0])
    assert main([run, "--out", run, "--format", "html"]) == 2
    assert "is a run folder: name another folder" in capsys.readouterr().err
    assert (folders[0] / "videos").is_dir()
    assert not (folders[0] / "tables.html").exists()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "thesis.txt").write_text("years", "utf-8")
    assert main([run, "--out", str(tmp_path), "--format", "html"]) == 2
    assert "holds 'data', which is not of a page" in capsys.readouterr().err
    assert (tmp_path / "data" / "thesis.txt").exists()


def test_makes_a_page_anew(folders, tmp_path):
    for _ in range(2):
        assert main([str(folders[0]), "--out", str(tmp_path / "r"), "--format", "html"]) == 0
    assert (tmp_path / "r" / "index.html").is_file()
