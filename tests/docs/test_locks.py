"""The lock files hold what pyproject.toml asks for, by exact version and digest, and can be installed."""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from importlib.metadata import PackageNotFoundError, version

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bench.errors import BenchError
from docs import locks

PROJECT = tomllib.loads((locks.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = {name: locks.read(locks.ROOT / name) for name in locks.LOCKS}
BOTH = "requirements.lock", "requirements-dev.lock"
"""Those whose files are all in the common index."""
MACHINES = {
    "linux": "x86_64-unknown-linux-gnu",
    "linux-arm": "aarch64-unknown-linux-gnu",
    "mac": "aarch64-apple-darwin",
    "windows": "x86_64-pc-windows-msvc",
}
AGAIN = "run 'python -m docs.locks'"


def asked(name):
    """What pyproject.toml asks of the lock file `name`."""
    extras = [line for extra in locks.LOCKS[name] for line in PROJECT["optional-dependencies"][extra]]
    return [Requirement(line) for line in PROJECT["dependencies"] + extras]


@pytest.mark.parametrize("name", locks.LOCKS)
def test_what_is_asked_for_is_pinned_at_a_version_that_will_do(name):
    pins = {pin.name: pin for pin in PINS[name]}
    for requirement in asked(name):
        pin = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(pin.version, prereleases=True), f"{requirement}: {AGAIN}"


@pytest.mark.parametrize("name", locks.LOCKS)
def test_nothing_else_is_pinned_but_what_that_needs(name):
    by_project = {pin.name for pin in PINS[name] if locks.PROJECT in pin.wanted_by}
    assert by_project == {canonicalize_name(item.name) for item in asked(name)}, AGAIN
    needed, before = by_project, set()
    while needed != before:
        before = needed
        needed = needed | {pin.name for pin in PINS[name] if needed & set(pin.wanted_by)}
    assert needed == {pin.name for pin in PINS[name]}


@pytest.mark.parametrize("name", locks.LOCKS)
def test_every_package_has_one_version_and_digests(name):
    pins = PINS[name]
    assert len({pin.name for pin in pins}) == len(pins) > 50
    assert all(pin.digests and pin.wanted_by for pin in pins)


@pytest.mark.parametrize("name", locks.LOCKS)
def test_no_index_and_no_address_is_named(name):
    text = (locks.ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"://|--(?:extra-)?index-url|--find-links|--trusted-host", text)
    assert text == locks.HEADER + "".join(pin.text for pin in PINS[name])


def test_all_hold_the_same_but_for_pytorch():
    first, dev = ({pin.name: pin for pin in PINS[name]} for name in BOTH)
    assert all((dev[name].version, dev[name].digests) == (pin.version, pin.digests) for name, pin in first.items())
    cpu = {pin.name: pin.version for pin in PINS[locks.CPU_LOCK]}
    apart = {name for name, pin in first.items() if cpu.get(name) != pin.version}
    assert {name for name in apart if not re.match(r"nvidia-|cuda-|triton$", name)} == {"torch", "torchvision"}
    assert {cpu["torch"], cpu["torchvision"]} == {wheel for wheel, _ in locks.CPU_WHEELS.values()}


@pytest.mark.skipif("TALKING_HEAD_LOCKED" not in os.environ, reason="not an environment of tox run -e test-locked")
def test_this_environment_is_the_locked_one():
    here = [pin for pin in PINS["requirements-dev.lock"] if not pin.marker or Marker(pin.marker).evaluate()]
    assert {pin.name: installed(pin.name) for pin in here} == {pin.name: pin.version for pin in here}


def installed(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@pytest.fixture(scope="module")
def index():
    """Skips where uv finds no index of packages."""
    done = uv("rich==15.0.0", machine="linux", python="3.11")
    if done.returncode:
        pytest.skip(f"no index of packages: {done.stderr.strip().splitlines()[-1]}")


def uv(*words, machine, python):
    """Try an installation: what would be fetched, for another machine and Python, without fetching it."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--dry-run", "--no-config", "--target"]
    wheels = ["--no-deps", "--only-binary", ":all:", "--no-binary", "python-speech-features"]
    options = ["--python-platform", MACHINES[machine], "--python-version", python]
    environment = {**os.environ, "MACOSX_DEPLOYMENT_TARGET": "14.0"}
    with tempfile.TemporaryDirectory() as target:
        whole = [*command, target, *wheels, *options, *words]
        return subprocess.run(whole, capture_output=True, text=True, env=environment)


@pytest.mark.parametrize(
    ("machine", "python"), [("linux", "3.11"), ("linux-arm", "3.14"), ("mac", "3.11"), ("windows", "3.14")]
)
@pytest.mark.usefixtures("index")
def test_there_are_wheels_for_it(machine, python):
    """The first Python and the last that docs/container.md names. What is not locked but built is named in it too."""
    path = locks.ROOT / "requirements-dev.lock"
    done = uv("--require-hashes", "-r", str(path), machine=machine, python=python)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("index")
def test_the_digests_are_those_of_the_index_and_nothing_is_missing():
    """At the same versions uv finds the same packages; files may have been added since."""
    pins = PINS["requirements-dev.lock"]
    extras = locks.LOCKS["requirements-dev.lock"]
    found = {pin.name: pin for pin in locks.compiled(extras, {pin.name: pin.version for pin in pins})}
    assert {name: pin.version for name, pin in found.items()} == {pin.name: pin.version for pin in pins}, AGAIN
    assert [pin.name for pin in pins if not set(pin.digests) <= set(found[pin.name].digests)] == []


@pytest.mark.parametrize("text", ["numpy>=2\n", "numpy==2.4.6\n", "-e .\n", "numpy==2.4.6 \\\n    --hash=md5:00\n"])
def test_what_is_not_pinned_by_version_and_digest_is_no_lock(text):
    with pytest.raises(BenchError, match="no pinned package"):
        list(locks.parse(text))


def test_the_form_of_uv_is_read():
    text = (
        "# a heading\ntorch==2.14.1 ; sys_platform == 'linux' \\\n    --hash=sha256:"
        + "a" * 64
        + " \\\n    --hash=sha256:"
        + "b" * 64
        + "\n    # via\n    #   -c held.txt\n    #   talking-head-benchmark (pyproject.toml)\n    #   lpips\n"
    )
    (pin,) = locks.parse(text)
    assert pin == locks.Pin(
        "torch", "2.14.1", "sys_platform == 'linux'", ("a" * 64, "b" * 64), (locks.PROJECT, "lpips")
    )
    assert list(locks.parse(pin.text)) == [pin]
