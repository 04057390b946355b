"""Software and hardware of a run, for the record."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

from bench import __version__
from bench.results.manifest import Environment

PACKAGES = ("torch", "torchvision", "numpy", "scipy", "av", "scikit-image", "lpips", "pytorch-fid", "piq", "pyiqa")


def environment(device: str) -> Environment:
    """What this process runs on."""
    import torch

    commit, dirty = own_commit(Path(__file__))
    return Environment(
        versions={"python": platform.python_version(), **_versions()},
        platform=platform.platform(),
        processor=_processor(device),
        device=device,
        threads=torch.get_num_threads(),
        memory_gb=round(_memory() / 2**30, 1),
        flags={
            "deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
            "cudnn_deterministic": torch.backends.cudnn.deterministic,
            "cudnn_benchmark": torch.backends.cudnn.benchmark,
            "cudnn_tf32": torch.backends.cudnn.allow_tf32,
            "matmul_tf32": torch.backends.cuda.matmul.allow_tf32,
        },
        version=__version__,
        commit=commit,
        dirty=dirty,
    )


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _processor(device: str) -> str:
    import torch

    if device.startswith("cuda") and torch.cuda.is_available():  # a cluster's driver may have no GPU
        return torch.cuda.get_device_name(device)
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


def own_commit(file: Path) -> tuple[str, bool]:
    """The commit of this benchmark's repository, and whether files differ from it.

    `file` is this module's place in the benchmark, `TOP/bench/results/environment.py`. Empty where TOP is no
    repository, or the file is not one of its files: an installation inside somebody's project is not that project.
    """
    top = file.resolve().parents[2]

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=top, capture_output=True, text=True, timeout=10, check=True)
        return done.stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")).resolve() != top:
            return "", False
        git("ls-files", "--error-unmatch", file.resolve().relative_to(top).as_posix())
        return git("rev-parse", "HEAD"), bool(git("status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return "", False
