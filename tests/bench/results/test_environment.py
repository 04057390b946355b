"""What a run records of the software and the machine."""

import shutil
import subprocess
from pathlib import Path

import pytest

import bench
from bench.results import environment
from bench.results.manifest import Environment

FILE = Path(environment.__file__)
ROOT = FILE.parents[2]
RECORDED = {"versions": {}, "platform": "x", "processor": "x", "device": "cpu", "threads": 1, "memory_gb": 1.0}


def git(*words, at):
    names = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *names, *words], cwd=at, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path):
    """A repository of somebody's own, with one commit."""
    git("init", "--quiet", at=tmp_path)
    (tmp_path / "train.py").write_text("print()\n")
    git("add", ".", at=tmp_path)
    git("commit", "--quiet", "-m", "mine", at=tmp_path)
    return tmp_path


def installed(place):
    """The module's file as an installation below `place` has it."""
    copy = place / "bench" / "results" / FILE.name
    copy.parent.mkdir(parents=True)
    shutil.copy(FILE, copy)
    return copy


@pytest.mark.parametrize("place", [".", ".venv/lib/python3.12/site-packages", "third_party"])
def test_an_installation_in_a_project_does_not_record_the_projects_commit(project, place):
    assert environment.own_commit(installed(project / place)) == ("", False)


def test_a_copy_that_a_project_keeps_in_a_folder_does_not_record_the_projects_commit(project):
    copy = installed(project / "third_party")
    git("add", ".", at=project)
    git("commit", "--quiet", "-m", "with a copy of the benchmark", at=project)
    assert environment.own_commit(copy) == ("", False)


def test_outside_of_any_repository_there_is_no_commit(tmp_path):
    assert environment.own_commit(installed(tmp_path)) == ("", False)


def test_a_checkout_records_its_commit_and_whether_files_differ(tmp_path):
    git("init", "--quiet", at=tmp_path)
    copy = installed(tmp_path)
    git("add", ".", at=tmp_path)
    git("commit", "--quiet", "-m", "one", at=tmp_path)
    commit = git("rev-parse", "HEAD", at=tmp_path)
    assert environment.own_commit(copy) == (commit, False)
    copy.write_text("changed = True\n")
    assert environment.own_commit(copy) == (commit, True)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout")
def test_this_repository_records_its_commit_and_its_version():
    found = environment.environment("cpu")
    assert found.commit == git("rev-parse", "HEAD", at=ROOT)
    assert found.version == bench.__version__


def test_a_run_of_before_versions_is_read():
    assert Environment.read(RECORDED, where="run.json").version == ""
