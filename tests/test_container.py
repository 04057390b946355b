"""The container's files: what hadolint says, who runs in it, what comes into it. No test builds it."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath

import pytest

from bench.weights import fetch, files
from docs import rooms

ROOT = rooms.ROOT
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
VARIANTS = {"cpu": "requirements-cpu.lock", "cuda": "requirements.lock"}
VOLUMES = {"/weights", "/cache", "/data"}


def instructions(text):
    """(word, the rest) of every instruction of a Dockerfile."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", "", lines)
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


ALL = instructions(TEXT)
LAST = ALL[max(place for place, (word, _) in enumerate(ALL) if word == "FROM") :]
"""Of the stage that becomes the image."""


def of(word, stage=ALL):
    return [rest for found, rest in stage if found == word]


def hadolint():
    beside = Path(sys.executable).with_name("hadolint")
    return str(beside) if beside.exists() else shutil.which("hadolint")


@pytest.mark.skipif(hadolint() is None, reason="no hadolint for this machine")
@pytest.mark.parametrize(
    ("text", "clean"), [(TEXT, True), ("FROM python:latest\n", False)], ids=["the Dockerfile", "another"]
)
def test_hadolint_finds_nothing(text, clean):
    done = subprocess.run([hadolint(), "--no-color", "-"], input=text, capture_output=True, text=True)
    assert (done.stdout == "") is clean, done.stdout


def test_the_base_is_one_digest():
    bases = [rest for rest in of("ARG") if rest.startswith("BASE=")]
    assert re.fullmatch(r"BASE=python:3\.11\.\d+-slim-\w+@sha256:[0-9a-f]{64}", *bases)
    assert {rest.split()[0] for rest in of("FROM")} == {"${BASE}"}


def test_whoever_runs_is_not_root():
    (user,) = of("USER", LAST)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "a number: Kubernetes cannot see that a name is not root"
    after = LAST[LAST.index(("USER", user)) :]
    assert {word for word, _ in after} <= {"USER", "VOLUME", "HEALTHCHECK", "CMD"}


def test_packages_are_installed_by_their_digests_alone_and_leave_no_cache():
    assert of("ADD") == []
    assert "PIP_NO_CACHE_DIR=1" in " ".join(of("ENV"))
    installs = re.findall(r"pip install [^;]*", " ".join(of("RUN")))
    assert [re.search(r"-r (\S+)", command)[1] for command in installs] == list(VARIANTS.values())
    assert all("--require-hashes" in command for command in installs)
    assert of("RUN", LAST) == [line for line in of("RUN", LAST) if "pip" not in line and "apt" not in line]


def test_its_health_is_what_doctor_says():
    (check,) = of("HEALTHCHECK", LAST)
    assert check.endswith('CMD ["python", "benchmark.py", "doctor"]')


def test_the_folders_are_those_of_the_variables():
    words = dict(word.split("=", 1) for rest in of("ENV", LAST) for word in rest.split())
    assert words[files.ENVIRONMENT] == "/weights"
    assert words["XDG_CACHE_HOME"] == "/cache"
    assert set(re.findall(r'"([^"]+)"', *of("VOLUME", LAST))) == VOLUMES


def patterns():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def stays_out(path):
    """By Docker's rules: the last line that names the path or a folder above it counts."""
    above = [path, *(str(parent) for parent in PurePosixPath(path).parents if str(parent) != ".")]
    out = False
    for pattern in patterns():
        rule = re.escape(pattern.removeprefix("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        rule = rule.replace(r"\[", "[").replace(r"\]", "]")
        if any(re.fullmatch(rule, name) for name in above):
            out = not pattern.startswith("!")
    return out


@pytest.mark.parametrize(
    "path",
    [".git/HEAD", ".tox/test/bin/python", ".venv/bin/python", ".mypy_cache/3.11/a.json", "results/demo/run.json",
     "bench/__pycache__/clips.cpython-311.pyc", "__pycache__/benchmark.cpython-311.pyc", "bench/run/.pytest_cache/v",
     "talking_head_benchmark.egg-info/PKG-INFO", "tests/conftest.py", "data/clip.mp4", "vox-256.pth.tar", ".env"],
)  # fmt: skip
def test_what_a_run_does_not_read_stays_out_of_the_image(path):
    assert stays_out(path)


def test_what_a_run_reads_comes_into_the_image():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    suffixes = [name.removeprefix("*") for name in project["tool"]["setuptools"]["package-data"]["*"]]
    packages = [path for name in rooms.PACKAGES for path in (ROOT / name).rglob("*") if "__pycache__" not in path.parts]
    data = [path for path in packages if path.suffix in (".py", *suffixes) or path.name in suffixes]
    tops = [f"{name}.py" for name in project["tool"]["setuptools"]["py-modules"]] + list(VARIANTS.values())
    needed = [path.relative_to(ROOT).as_posix() for path in data] + tops + ["results/baselines/demo.json", "LICENSE"]
    assert len(needed) > 200
    assert [path for path in needed if stays_out(path)] == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_compose_has_a_profile_a_variant(variant):
    yaml = pytest.importorskip("yaml")
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    service = compose["services"][variant]
    assert set(compose["services"]) == set(VARIANTS)
    assert service["profiles"] == [variant]
    assert service["image"] == f"talking-head-benchmark:{variant}"
    assert service["build"]["args"] == {"VARIANT": variant}
    assert service["user"] == "${BENCH_USER:-1000:1000}"
    assert set(service["environment"]) == {fetch.OFFLINE}
    mounts = [re.sub(r"\$\{\w+:-([^}]+)\}", r"\1", line).split(":") for line in service["volumes"]]
    assert {target for _, target, *_ in mounts} == VOLUMES | {"/app/results"}
    assert [mode for _, target, *mode in mounts if target == "/data"] == [["ro"]]
    assert ("deploy" in service) == (variant == "cuda")
