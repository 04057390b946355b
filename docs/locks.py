"""Lock files: exact versions and digests of all packages, so that an environment can be made again years later.

`python -m docs.locks` writes them with uv. Versions are those of the environment that it runs in: what is locked is
what was tested there. Packages that are not installed in it come at their newest.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

from bench.commands.parser import Parser
from bench.errors import BenchError

ROOT: Final = Path(__file__).resolve().parents[1]
PROJECT: Final = "talking-head-benchmark"
LOCKS: Final[Mapping[str, tuple[str, ...]]] = {
    "requirements.lock": ("cluster",),
    "requirements-cpu.lock": ("cluster",),
    "requirements-dev.lock": ("cluster", "dev"),
}
"""The extras that each lock file covers beside the dependencies of pyproject.toml."""
CPU_LOCK: Final = "requirements-cpu.lock"
CPU_WHEELS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "torch": (
        "2.13.0+cpu",
        (
            "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
            "4ca4a9394b0c771238a4f73590fdbbc4debad85ed0fa63d026ae1b085da7d6e2",
        ),
    ),
    "torchvision": (
        "0.28.0+cpu",
        (
            "1dad604dfc0177ecebe0891bd9701fe2c62ec3f7819a247be541b3fb6effee99",
            "b545d46f4d2f9d30381281cf22874bfe1d32a8a7b0ee8396fccde89f30c6a9d9",
        ),
    ),
}
"""PyTorch's builds without CUDA, of its own index: version, and sha256 for Python 3.11 and 3.12 on Linux x86-64.

Kept by hand: a new version needs the digests of its index (docs/container.md).
"""
HEADER: Final = "# Written by python -m docs.locks: exact versions and sha256 of all that is installed.\n"

_CUDA: Final = re.compile(r"(?:nvidia|cuda)-|triton$")
_PIN: Final = re.compile(r"([a-z0-9][a-z0-9.-]*)==([^\s;]+)(?: ; (.+?))? \\$")
_DIGEST: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")
_MARK: Final = "# via "


@dataclass(frozen=True, slots=True)
class Pin:
    """A package in a lock file: where `marker` holds, this version, in a file of one of these sha256."""

    name: str
    version: str
    marker: str
    digests: tuple[str, ...]
    wanted_by: tuple[str, ...]
    """Names of packages that need it; `PROJECT` where pyproject.toml itself does."""

    @property
    def text(self) -> str:
        """Its lines in a lock file."""
        head = f"{self.name}=={self.version}" + (f" ; {self.marker}" if self.marker else "")
        lines = [head, *(f"    --hash=sha256:{digest}" for digest in self.digests)]
        return " \\\n".join(lines) + f"\n    {_MARK}{', '.join(self.wanted_by)}\n"


def main(argv: Sequence[str]) -> int:
    """Write all lock files; returns the exit code.

    Raises:
        BenchError: an option that there is not, or uv finds no solution.
    """
    Parser(prog="python -m docs.locks", description="Lock the versions that are installed here.").parse_args(argv)
    for name in LOCKS:
        pins = cpu_pins() if name == CPU_LOCK else compiled(LOCKS[name], installed())
        (ROOT / name).write_text(HEADER + "".join(pin.text for pin in pins), encoding="utf-8")
        print(f"{name}: {len(pins)} packages")
    return 0


def read(path: Path) -> list[Pin]:
    """The pins of a lock file."""
    return list(parse(path.read_text(encoding="utf-8")))


def parse(text: str) -> Iterator[Pin]:
    """The pins in a lock file's text, also in the form in which uv writes it.

    Raises:
        BenchError: a line that is neither a pinned package, nor a digest, nor who needs it.
    """
    for block in re.split(r"\n(?=[^\s#])", "\n" + text):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if not lines:
            continue
        head = _PIN.fullmatch(lines[0])
        digests = [_DIGEST.search(line) for line in lines[1:] if not line.lstrip().startswith("#")]
        if head is None or not digests or not all(digests):
            raise BenchError(f"no pinned package with its digests: {lines[0]!r}: run 'python -m docs.locks'")
        comments = [line.strip().removeprefix("# via").lstrip("# ") for line in lines if line.lstrip().startswith("#")]
        wanted = [name.partition(" ")[0] for line in comments for name in line.split(", ") if name]
        yield Pin(
            name=head[1],
            version=head[2],
            marker=head[3] or "",
            digests=tuple(digest[1] for digest in digests if digest),
            wanted_by=tuple(name for name in wanted if not name.startswith("-")),
        )


def installed() -> dict[str, str]:
    """Versions of the packages of this environment, by name, without local builds such as `+cpu`."""
    found = {canonicalize_name(item.name): item.version.partition("+")[0] for item in distributions()}
    return {name: version for name, version in sorted(found.items()) if name != PROJECT}


def cpu_pins() -> list[Pin]:
    """The same as in requirements.lock, with PyTorch's builds that need no CUDA."""
    builds = {name: version.partition("+")[0] for name, (version, _) in CPU_WHEELS.items()}
    others = {name: version for name, version in installed().items() if not _CUDA.match(name)}
    pins = [pin for pin in compiled(LOCKS[CPU_LOCK], others | builds) if not _CUDA.match(pin.name)]
    return [
        Pin(pin.name, *CPU_WHEELS[pin.name][:1], pin.marker, CPU_WHEELS[pin.name][1], pin.wanted_by)
        if pin.name in CPU_WHEELS
        else pin
        for pin in pins
    ]


def compiled(extras: Sequence[str], versions: Mapping[str, str]) -> list[Pin]:
    """What uv chooses for every platform and Python that pyproject.toml allows, held to `versions`.

    Raises:
        BenchError: there is no such choice, or no uv.
    """
    with tempfile.TemporaryDirectory(prefix="talking-head-") as folder:
        held = Path(folder) / "held.txt"
        held.write_text("".join(f"{name}=={version}\n" for name, version in versions.items()), encoding="utf-8")
        command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--universal", "--generate-hashes"]
        options = ["--python-version", "3.11", "--no-header", "--no-config", "--quiet", "--constraint", str(held)]
        chosen = [word for extra in extras for word in ("--extra", extra)]
        done = subprocess.run([*command, *options, *chosen], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"uv locks nothing ({done.stderr.strip()}): pip install -e '.[dev]', or mend pyproject.toml")
    return list(parse(done.stdout))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BenchError as error:
        sys.exit(f"python -m docs.locks: {error}")
